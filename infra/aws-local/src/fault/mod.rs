//! Faults at a chosen external call: a plan shared by proxies in front of every service and platform.
//!
//! The plan numbers all calls of all proxies from 1; a test runs once to learn how many there are, and then once for
//! every call and fault. The test judges what the product does about a fault.

mod answer;
mod proxy;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub use proxy::FaultProxy;

/// A fault: what goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller dies before the call goes out: it is not forwarded, never answered, and the crash is signalled.
    CrashBefore,
    /// The caller dies before the answer arrives: forwarded, never answered, and the crash is signalled.
    CrashAfter,
    /// The service throttles the call, in its own dialect; not forwarded.
    Throttle,
    /// Another transaction holds an item; not forwarded. Calls other than a `DynamoDB` write are forwarded untouched.
    Conflict,
    /// The service fails with status 500; not forwarded.
    ServerError,
    /// The call is forwarded late.
    Delay(Duration),
    /// The call is forwarded twice and the second answer is given, as when the first answer was lost.
    Duplicate,
    /// The call is forwarded and the connection closed without an answer.
    Reset,
}

/// An external call as a proxy saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number among all calls, from 1.
    pub seq: u64,
    /// The label of the proxy that it came through.
    pub label: String,
    /// The operation of `X-Amz-Target`, or method and path.
    pub operation: String,
    /// The fault planned for it.
    pub fault: Option<Fault>,
}

/// The faults of a run and the calls seen so far, over all proxies that share it.
#[derive(Debug)]
pub struct FaultPlan {
    state: Mutex<State>,
    crashed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    faults: BTreeMap<u64, (Fault, u64)>,
    outages: Vec<Outage>,
    lasting: Vec<Lasting>,
    log: Vec<Call>,
}

/// A fault that meets the further tries of one call, which other calls may come between.
#[derive(Debug)]
struct Outage {
    /// The label, the operation and the body, by which a further try is known.
    call: u64,
    fault: Fault,
    left: u64,
}

/// A fault that stays until it is mended.
#[derive(Debug)]
struct Lasting {
    label: String,
    fault: Fault,
    share: Share,
}

/// The share of calls that a lasting fault meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Every call.
    All,
    /// Every second call in the long run, by chance: a seed gives the same run again.
    Half(u64),
}

impl Share {
    fn meets(&mut self) -> bool {
        let Self::Half(state) = self else { return true };
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *state >> 63 == 1
    }
}

impl FaultPlan {
    /// Makes a plan without faults: it only counts.
    pub fn quiet() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), crashed: watch::channel(false).0 })
    }

    /// Makes a plan with a fault at one call.
    pub fn at(seq: u64, fault: Fault) -> Arc<Self> {
        let plan = Self::quiet();
        plan.inject(seq, fault);
        plan
    }

    /// Adds a fault at a call.
    pub fn inject(&self, seq: u64, fault: Fault) {
        self.inject_tries(seq, fault, 1);
    }

    /// Adds a fault at a call and at its next tries, `tries` in all. A try has the label, the operation and the body of
    /// the call.
    pub fn inject_tries(&self, seq: u64, fault: Fault, tries: u64) {
        self.state().faults.insert(seq, (fault, tries));
    }

    /// Breaks calls through the proxies of a label from now on; what is planned for a call's number comes first.
    pub fn keep_breaking(&self, label: &str, share: Share, fault: Fault) {
        self.state().lasting.push(Lasting { label: label.to_owned(), fault, share });
    }

    /// Ends what [`Self::keep_breaking`] began.
    pub fn mend(&self) {
        self.state().lasting.clear();
    }

    /// Waits until a crash was played, so that the caller can be dropped.
    pub async fn crashed(&self) {
        self.crashed.subscribe().wait_for(|crashed| *crashed).await.ok();
    }

    /// Forgets a crash that was played, so that the next one can be awaited; counting goes on.
    pub fn clear_crash(&self) {
        self.crashed.send_replace(false);
    }

    /// Forgets calls, faults and crash: the next call is number 1.
    pub fn reset(&self) {
        *self.state() = State::default();
        self.clear_crash();
    }

    /// Returns all calls so far, in order.
    pub fn log(&self) -> Vec<Call> {
        self.state().log.clone()
    }

    /// Numbers a call and returns the fault that is planned for it.
    fn take(&self, label: &str, operation: &str, body: &[u8]) -> Option<Fault> {
        let mut state = self.state();
        let seq = u64::try_from(state.log.len()).unwrap_or(u64::MAX).saturating_add(1);
        let call = known_by(label, operation, body);
        let planned = match state.faults.get(&seq).copied() {
            Some((fault, tries)) => {
                state.outages.push(Outage { call, fault, left: tries.saturating_sub(1) });
                Some(fault)
            }
            None => {
                state.outages.iter_mut().find(|other| other.call == call && other.left > 0).map(|other| {
                    other.left -= 1;
                    other.fault
                })
            }
        };
        let mut lasting = state.lasting.iter_mut().filter(|lasting| lasting.label == label);
        let fault = planned.or_else(|| lasting.find_map(|one| one.share.meets().then_some(one.fault)));
        state.log.push(Call { seq, label: label.to_owned(), operation: operation.to_owned(), fault });
        fault
    }

    fn crash(&self) {
        self.crashed.send_replace(true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a number by which a further try of a call is known.
fn known_by(label: &str, operation: &str, body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (label, operation, body).hash(&mut hasher);
    hasher.finish()
}
