//! Waits for several futures at once, a bounded number at a time, on whatever runtime polls it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that [`together`] runs.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs all work, at most `at_once` of it at the same time, and answers the results in order.
pub async fn together<T>(work: Vec<Work<'_, T>>, at_once: usize) -> Vec<T> {
    let mut results = Vec::with_capacity(work.len());
    let mut waiting = work.into_iter();
    loop {
        let mut batch: Vec<_> = waiting.by_ref().take(at_once.max(1)).map(Slot::Running).collect();
        if batch.is_empty() {
            return results;
        }
        poll_fn(|cx| poll_all(&mut batch, cx)).await;
        results.extend(batch.into_iter().filter_map(Slot::done));
    }
}

enum Slot<'a, T> {
    Running(Work<'a, T>),
    Done(T),
}

impl<T> Slot<'_, T> {
    fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Running(_) => None,
        }
    }
}

fn poll_all<T>(batch: &mut [Slot<'_, T>], cx: &mut Context<'_>) -> Poll<()> {
    let mut all = Poll::Ready(());
    for slot in batch {
        let Slot::Running(work) = slot else { continue };
        match work.as_mut().poll(cx) {
            Poll::Ready(value) => *slot = Slot::Done(value),
            Poll::Pending => all = Poll::Pending,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Waker;

    use super::*;

    #[test]
    fn results_keep_their_order_and_only_some_run_at_once() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let job = |number: usize| -> Work<'_, usize> {
            let (running, most) = (&running, &most);
            Box::pin(async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..(7 - number % 7) {
                    let mut polled = false;
                    poll_fn(|_| {
                        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
                    })
                    .await;
                }
                running.fetch_sub(1, Ordering::SeqCst);
                number
            })
        };
        let mut all = Box::pin(together((0..20).map(job).collect(), 4));
        let mut cx = Context::from_waker(Waker::noop());
        let results = loop {
            if let Poll::Ready(results) = all.as_mut().poll(&mut cx) {
                break results;
            }
        };
        assert_eq!(results, (0..20).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 4);
    }
}
