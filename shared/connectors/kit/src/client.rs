//! The client: every request to a platform leaves here.

use std::time::Duration;

use mooring_domain::platform::capabilities::{CallContext, Gate};
use mooring_domain::platform::manifest::Manifest;
use mooring_domain::{Error, Kind, Result, Retry};
use serde::de::DeserializeOwned;

use crate::retry::{Budget, Tries, give_up};
use crate::timing::Pace;
use crate::transport::{Answer, Transport};
use crate::{Origin, Request, parse};

/// The properties in which the HTTP of one platform differs from another's.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The platform's facts; no call leaves that is not among them.
    pub manifest: &'static Manifest,
    /// Finds the failure in an answer, in the platform's own way of reporting it.
    pub judge: fn(&Answer) -> Result<()>,
    /// How many calls may leave in a second.
    pub calls_per_second: u32,
    /// How long Mooring makes no further call when the platform's limit outlasts the retries.
    pub pause: Duration,
}

/// Turns an answer that passed the judge into a value.
pub type Read<T> = fn(&[u8]) -> Result<T>;

/// How long the exchange of a code may take: a person waits for it.
const REDEEM: Duration = Duration::from_secs(8);

/// Calls one platform.
pub struct Client {
    transport: Transport,
    origin: Origin,
    dialect: Dialect,
    pace: Pace,
    budget: Budget,
}

impl Client {
    /// Makes the client of a platform at an origin.
    pub fn new(transport: Transport, origin: Origin, dialect: Dialect) -> Self {
        Self {
            transport,
            origin,
            dialect,
            pace: Pace::new(dialect.calls_per_second),
            budget: Budget::default(),
        }
    }

    /// Makes a call that the profile allows; refuses any other before it leaves.
    ///
    /// A GET is repeated while this may help and both budgets last, the call's own and the process's. No other request
    /// is ever sent twice. The call ends within the context's patience, whatever the platform does. The gate is asked
    /// before each try, after every wait.
    pub async fn call<T: DeserializeOwned>(&self, cx: &CallContext<'_>, request: Request) -> Result<T> {
        self.read(cx, request, parse::json).await
    }

    /// Makes a call whose answer is read by a function of the connector; in all else the same as [`Self::call`].
    pub async fn read<T>(&self, cx: &CallContext<'_>, request: Request, read: Read<T>) -> Result<T> {
        let (platform, call) = (self.dialect.manifest.platform, request.call.name);
        if cx.profile.platform != platform || !cx.profile.allows(call) {
            let message = format!("The profile does not allow the call `{call}` on {platform}.");
            return Err(Error::new(Kind::Refused, "call_not_allowed", message));
        }
        self.send(&request, cx.patience, cx.gate, read).await
    }

    /// Redeems an authorisation code, once. No profile is checked, because the person has just been sent for the code.
    ///
    /// Codes are single-use: after a failure nobody knows whether this code was used, so the error never allows
    /// another try.
    pub async fn redeem<T: DeserializeOwned>(&self, gate: &dyn Gate, request: Request) -> Result<T> {
        if request.is_repeatable() {
            return Err(Error::new(Kind::Internal, "bad_request", "A code is not redeemed by a GET."));
        }
        self.send(&request, REDEEM, gate, parse::json).await.map_err(|error| error.retry(Retry::Never))
    }

    async fn send<T>(
        &self,
        request: &Request,
        patience: Duration,
        gate: &dyn Gate,
        read: Read<T>,
    ) -> Result<T> {
        let Manifest { platform, calls, .. } = self.dialect.manifest;
        if !calls.contains(request.call) {
            let message = format!("The manifest of {platform} has no call `{}`.", request.call.name);
            return Err(Error::new(Kind::Refused, "call_unknown", message));
        }
        let begun = self.transport.timing().now();
        let result = self.try_until(request, patience.min(gate.left()), gate, read).await;
        gate.spent(self.transport.timing().now().saturating_sub(begun));
        result
    }

    async fn try_until<T>(
        &self,
        request: &Request,
        patience: Duration,
        gate: &dyn Gate,
        read: Read<T>,
    ) -> Result<T> {
        let mut tries = Tries::begin(self.transport.timing(), patience);
        self.budget.earn();
        loop {
            let error = match self.attempt(request, &tries, gate, read).await {
                Err(error) if request.is_repeatable() => error,
                result => return result,
            };
            let Some(wait) = tries.wait_after(&error).filter(|_| self.budget.allows(&error)) else {
                return Err(give_up(error, self.dialect.pause));
            };
            self.transport.timing().sleep(wait).await;
        }
    }

    async fn attempt<T>(
        &self,
        request: &Request,
        tries: &Tries<'_>,
        gate: &dyn Gate,
        read: Read<T>,
    ) -> Result<T> {
        let timing = self.transport.timing();
        self.pace.admit(timing).await;
        if !gate.is_open().await {
            return Err(Error::new(Kind::Gone, "held_back", "The call was held back; nothing was asked."));
        }
        let begun = timing.now();
        let result = self.exchange(request, tries.left(), read).await;
        tracing::debug!(
            platform = self.dialect.manifest.platform,
            call = request.call.name,
            outcome = result.as_ref().map_or_else(|error| error.code, |_| "ok"),
            elapsed_ms = timing.now().saturating_sub(begun).as_millis(),
            "platform call"
        );
        if let Err(error) = &result {
            tracing::debug!(
                event = "platform.call_failed",
                call = request.call.name,
                error.code = error.code,
                error.chain = error.message.as_str(),
                "a platform call failed"
            );
        }
        result
    }

    async fn exchange<T>(&self, request: &Request, left: Duration, read: Read<T>) -> Result<T> {
        let answer = self.transport.send(request.to_http(&self.origin)?, left).await?;
        (self.dialect.judge)(&answer)?;
        read(&answer.body)
    }
}
