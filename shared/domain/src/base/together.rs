//! Waits for several futures at once, a bounded number at a time, on whatever runtime polls it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// A future that [`together`] runs.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs all work, at most `at_once` items at the same time, and returns the results in order.
///
/// Polls only the futures that were woken: a task that waits for many answers does not poll all of them for each
/// answer.
pub async fn together<T>(work: Vec<Work<'_, T>>, at_once: usize) -> Vec<T> {
    let mut results = Vec::with_capacity(work.len());
    let mut waiting = work.into_iter();
    loop {
        let outer = Arc::new(Mutex::new(None));
        let slot = |work| Slot { state: State::Running(work), signal: Signal::new(&outer) };
        let mut batch: Vec<_> = waiting.by_ref().take(at_once.max(1)).map(slot).collect();
        if batch.is_empty() {
            return results;
        }
        poll_fn(|cx| {
            *outer.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            poll_woken(&mut batch)
        })
        .await;
        results.extend(batch.into_iter().filter_map(Slot::done));
    }
}

/// Runs two futures at the same time, and returns both results.
pub async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(move |cx| {
        poll_unless_done(&mut one, first.as_mut(), cx);
        poll_unless_done(&mut other, second.as_mut(), cx);
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (left, right) => {
                (one, other) = (left, right);
                Poll::Pending
            }
        }
    })
    .await
}

fn poll_unless_done<T>(done: &mut Option<T>, work: Pin<&mut impl Future<Output = T>>, cx: &mut Context<'_>) {
    if done.is_none()
        && let Poll::Ready(value) = work.poll(cx)
    {
        *done = Some(value);
    }
}

struct Slot<'a, T> {
    state: State<'a, T>,
    signal: Arc<Signal>,
}

enum State<'a, T> {
    Running(Work<'a, T>),
    Done(T),
}

impl<T> Slot<'_, T> {
    fn done(self) -> Option<T> {
        match self.state {
            State::Done(value) => Some(value),
            State::Running(_) => None,
        }
    }
}

/// The waker of one future: it marks the future as woken, and wakes the task that polls all of them.
struct Signal {
    woken: AtomicBool,
    outer: Arc<Mutex<Option<Waker>>>,
}

impl Signal {
    fn new(outer: &Arc<Mutex<Option<Waker>>>) -> Arc<Self> {
        Arc::new(Self { woken: AtomicBool::new(true), outer: Arc::clone(outer) })
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

fn poll_woken<T>(batch: &mut [Slot<'_, T>]) -> Poll<()> {
    let mut all = Poll::Ready(());
    for slot in batch {
        let State::Running(work) = &mut slot.state else { continue };
        if slot.signal.woken.swap(false, Ordering::SeqCst) {
            let waker = Waker::from(Arc::clone(&slot.signal));
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                slot.state = State::Done(value);
                continue;
            }
        }
        all = Poll::Pending;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Each of the two waits for the other's first step: one after the other they would never end.
    #[test]
    fn both_run_at_the_same_time() {
        let (left, right) = (AtomicBool::new(false), AtomicBool::new(false));
        let meet = async |mine: &AtomicBool, other: &AtomicBool| {
            mine.store(true, Ordering::SeqCst);
            poll_fn(|_| if other.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }).await;
        };
        let one = async {
            meet(&left, &right).await;
            1
        };
        let other = async {
            meet(&right, &left).await;
            "two"
        };
        let (mut all, mut cx) = (Box::pin(both(one, other)), Context::from_waker(Waker::noop()));
        assert!(all.as_mut().poll(&mut cx).is_pending());
        assert_eq!(all.as_mut().poll(&mut cx), Poll::Ready((1, "two")));
    }

    #[test]
    fn results_keep_their_order_and_only_some_run_at_once() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let job = |number: usize| -> Work<'_, usize> {
            let (running, most) = (&running, &most);
            Box::pin(async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..(7 - number % 7) {
                    let mut polled = false;
                    poll_fn(|cx| {
                        cx.waker().wake_by_ref();
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
