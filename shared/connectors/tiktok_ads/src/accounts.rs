//! Lists the advertisers of a grant. One that cannot be used stands beside the others with its reason.

use std::collections::HashMap;

use async_trait::async_trait;
use mooring_domain::platform::account::{AccountList, Unusable, UnusableAccount};
use mooring_domain::platform::capabilities::{Accounts, CallContext};
use mooring_domain::{Error, Kind, Result, Retry};
use mooring_kit::Meaning;

use crate::manifest::ADVERTISER_BATCH;
use crate::wire::{Advertiser, Envelope, List, Reached, is_id};
use crate::{TikTokAds, map, requests};

/// How often refused batches may be asked again in parts. One bad id of a hundred costs fourteen calls. A grant whose
/// every account is refused would cost two calls an account while a person waits, so the accounts that are left then
/// are refused together.
const MOST_PARTS: usize = 200;
/// The same limit for batches with an answer that is not understood, enough for two odd ids. Where every answer is
/// odd, asking again says nothing new and takes calls from everybody's syncs.
const MOST_ODD_PARTS: usize = 28;

#[async_trait]
impl Accounts for TikTokAds {
    async fn list(&self, cx: &CallContext<'_>) -> Result<AccountList> {
        let reached: Envelope<List<Reached>> = self.client.call(cx, requests::advertisers(cx)?).await?;
        let mut listing = Listing::new(reached.data.list.read, reached.data.list.odd.len());
        let ids = listing.ids.clone();
        let mut batches: Vec<&[String]> = ids.chunks(ADVERTISER_BATCH).rev().collect();
        let (mut parts, mut odd_parts, mut trouble) = (0, 0, None);
        while let Some(batch) = batches.pop() {
            match self.describe(cx, batch).await {
                Ok(described) => listing.take(batch, described),
                Err(error) if may_be_about_an_id(&error) => {
                    let (asked, most) = if is_refusal(&error) {
                        (&mut parts, MOST_PARTS)
                    } else {
                        (&mut odd_parts, MOST_ODD_PARTS)
                    };
                    if batch.len() > 1 && *asked < most {
                        *asked += 2;
                        let (first, second) = batch.split_at(batch.len() / 2);
                        batches.extend([second, first]);
                    } else if is_refusal(&error) {
                        listing.leave_all(batch, Unusable::Refused);
                    } else {
                        listing.leave_all(batch, Unusable::NotRead);
                        trouble = Some(error);
                    }
                }
                Err(error) if cx.gate.is_awaited() && is_passing(&error) => {
                    let over = if cx.gate.left().is_zero() { batches.split_off(0) } else { Vec::new() };
                    listing.leave_all(batch, Unusable::NotRead);
                    over.iter().rev().for_each(|batch| listing.leave_all(batch, Unusable::NotRead));
                    trouble = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match trouble {
            // A list of which nothing was read is not known.
            Some(error) if listing.list.usable.is_empty() => Err(error),
            _ => Ok(listing.list),
        }
    }
}

impl TikTokAds {
    async fn describe(&self, cx: &CallContext<'_>, ids: &[String]) -> Result<Vec<Advertiser>> {
        let request = requests::advertiser_info(cx.token, ids)?;
        let described: Envelope<List<Advertiser>> = self.client.call(cx, request).await?;
        Ok(described.data.list.read)
    }
}

/// Returns whether TikTok refuses a batch. One deleted advertiser makes TikTok refuse all that are asked for with it
/// (40001, seen in public reports).
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind, Kind::NotPermitted | Kind::Invalid)
}

/// Returns whether an answer that is not understood may be about one id of its batch: the other ids are then still
/// asked for.
fn may_be_about_an_id(error: &Error) -> bool {
    let (_, _, unknown) = Meaning::Unknown.axes();
    let is_odd = error.kind == Kind::UpstreamChanged || error.code == unknown;
    is_refusal(error) || (is_odd && error.retry == Retry::Never)
}

/// Returns whether the platform failed or the time was over: this says nothing of any account.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind, Kind::Upstream | Kind::UpstreamChanged | Kind::RateLimited | Kind::Gone)
}

/// A list of accounts under construction.
struct Listing {
    /// The ids to describe, each once.
    ids: Vec<String>,
    /// The names that TikTok's list itself gave.
    names: HashMap<String, String>,
    list: AccountList,
}

impl Listing {
    /// Begins with the entries of TikTok's list; entries without a readable id are kept as unusable.
    fn new(reached: Vec<Reached>, odd: usize) -> Self {
        let mut listing = Self { ids: Vec::new(), names: HashMap::new(), list: AccountList::default() };
        for Reached { advertiser_id, advertiser_name } in reached {
            let name = advertiser_name.0.unwrap_or_default();
            match advertiser_id.0.filter(|id| is_id(id)) {
                None => listing.leave_out("", name, Unusable::NoId),
                Some(id) if listing.names.contains_key(&id) => {}
                Some(id) => {
                    listing.ids.push(id.clone());
                    listing.names.insert(id, name);
                }
            }
        }
        for _ in 0..odd {
            listing.leave_out("", String::new(), Unusable::NoId);
        }
        listing
    }

    /// Adds the descriptions of a batch, in the batch's order. TikTok drops ids that it cannot describe.
    fn take(&mut self, batch: &[String], described: Vec<Advertiser>) {
        let mut described: HashMap<_, _> =
            described.into_iter().map(|one| (one.advertiser_id.0.clone(), one)).collect();
        for id in batch {
            let name = self.names.get(id).cloned().unwrap_or_default();
            match described.remove(id).map(|one| map::account(&one, &name)) {
                Some(Ok(account)) => self.list.usable.push(account),
                Some(Err(account)) => self.list.unusable.push(account),
                None => self.leave_out(id, name, Unusable::NotDescribed),
            }
        }
    }

    fn leave_all(&mut self, ids: &[String], reason: Unusable) {
        for id in ids {
            let name = self.names.get(id).cloned().unwrap_or_default();
            self.leave_out(id, name, reason);
        }
    }

    fn leave_out(&mut self, id: &str, name: String, reason: Unusable) {
        self.list.unusable.push(UnusableAccount { external_id: id.to_owned(), name, reason });
    }
}
