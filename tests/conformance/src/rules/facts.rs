//! Accounts, figures and names: exact, complete, in the account's own days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use jiff::civil::Date;
use mooring_domain::base::error::Kind;
use mooring_domain::base::money::Micros;
use mooring_domain::platform::account::Unusable;
use mooring_domain::platform::capabilities::{Allowance, CallContext, Gate, LEVEL_NOT_OFFERED, Unguarded};
use mooring_domain::platform::figures::{Level, Metric, Row, Values};

use super::failures::ALWAYS;
use crate::bench::{Bench, Setup, days};
use crate::dialect::{EXACT_SPEND, LARGE_ID, LITERAL_SPEND, STRAY};
use crate::tap::Act;

/// S3: account identifiers, with zone and currency: the meaning of days and money.
pub(super) async fn accounts_have_currency_and_zone(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let list = bench.accounts()?.list(&bench.cx()).await?;
    ensure!(list.unusable.is_empty(), "not usable: {:?}", list.unusable);
    let accounts = list.usable;
    let ids: Vec<_> = accounts.iter().map(|account| account.external_id.clone()).collect();
    ensure!(ids == bench.sandbox.advertiser_ids(), "listed {ids:?}");
    for account in &accounts {
        jiff::tz::TimeZone::get(&account.zone).context("the zone")?;
        ensure!(!account.zone.starts_with("Etc/"), "{} ignores summer time", account.zone);
        ensure!(!account.name.is_empty(), "an account without a name");
    }
    let currencies: BTreeSet<_> = accounts.iter().map(|account| account.currency.as_str()).collect();
    ensure!(currencies.len() > 1, "the sandbox has accounts of several currencies, seen {currencies:?}");
    Ok(())
}

/// One account that nobody can describe, and others that lack a fact that figures need: none of them fails the list.
pub(super) async fn unusable_account_leaves_the_others(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let all = bench.sandbox.advertiser_ids();
    bench.tap.script(bench.dialect.accounts, 1, Act::Rewrite(bench.dialect.stray_account));
    let list = bench.accounts()?.list(&bench.cx()).await?;
    let usable: Vec<_> = list.usable.iter().map(|account| account.external_id.clone()).collect();
    ensure!(usable == all, "usable are {usable:?} of {all:?}");
    let strays = list.unusable.iter().filter(|one| one.external_id == STRAY);
    ensure!(strays.map(|one| one.reason).eq([Unusable::Refused]), "{:?}", list.unusable);
    ensure!(list.unusable.iter().any(|one| one.reason == Unusable::NoId), "{:?}", list.unusable);

    bench.tap.script(bench.dialect.account, 1, Act::Rewrite(bench.dialect.odd_accounts));
    let list = bench.accounts()?.list(&bench.cx()).await?;
    let reasons: Vec<_> = list.unusable.iter().map(|one| (one.external_id.clone(), one.reason)).collect();
    let [first, second, third, ..] = all.as_slice() else { anyhow::bail!("three accounts are needed") };
    let expected = [(first.clone(), Unusable::NoCurrency), (second.clone(), Unusable::NoZone)];
    ensure!(reasons == expected, "{reasons:?}");
    ensure!(list.usable.iter().map(|one| &one.external_id).eq(all.iter().skip(2)), "{:?}", list.usable);
    let lenient = list.usable.iter().find(|one| one.external_id == *third).context("the third")?;
    ensure!(lenient.currency.as_str() == "USD", "{lenient:?}");
    Ok(())
}

/// An answer that the connector cannot read may be about one account of its batch.
pub(super) async fn batch_that_nobody_understands_leaves_the_others(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let all = bench.sandbox.advertiser_ids();
    let accounts = bench.accounts()?;
    // The batch, then its first part, and so on, down to the first account.
    let down = all.len().ilog2() + 1;
    let unknown = Act::Answer(200, bench.dialect.unknown_code.to_owned());
    for act in [unknown, Act::Rewrite(bench.dialect.wrong_type)] {
        let calls = Calls(AtomicU32::new(ALWAYS));
        let gates: [&dyn Gate; 2] = [&Unguarded, &calls];
        for gate in gates {
            bench.tap.script(bench.dialect.account, down, act.clone());
            let list = accounts.list(&CallContext { gate, ..bench.cx() }).await?;
            let usable = list.usable.iter().map(|account| &account.external_id);
            ensure!(usable.eq(all.iter().skip(1)), "usable are {:?} of {all:?}", list.usable);
            let left: Vec<_> = list.unusable.iter().map(|one| (&one.external_id, one.reason)).collect();
            ensure!(all.first().is_some_and(|first| left == [(first, Unusable::NotRead)]), "{left:?}");
        }
    }
    bench.tap.script(bench.dialect.account, ALWAYS, Act::Rewrite(bench.dialect.wrong_type));
    let error = accounts.list(&bench.cx()).await.err().context("a list of nothing")?;
    ensure!(error.kind == Kind::UpstreamChanged, "{error:?}");
    Ok(())
}

/// A grant of more accounts than the time allows: the person who waits may choose from those that were read.
pub(super) async fn accounts_read_in_time_are_given(platform: &'static str) -> Result<()> {
    let bench = Bench::with(platform, Setup { ads: 1, advertisers: 250, ..Setup::default() }).await?;
    let all = bench.sandbox.advertiser_ids();
    let accounts = bench.accounts()?;
    let list = async |gate: &dyn Gate| accounts.list(&CallContext { gate, ..bench.cx() }).await;
    let listed = list(&Calls(AtomicU32::new(2))).await?;
    let (read, asked) = (listed.usable.len(), bench.seen(bench.dialect.account).len());
    ensure!(read > 0 && read < all.len(), "{read} of {} were read", all.len());
    ensure!(asked == 1, "{asked} calls left, of which there was time for one");
    let left = listed.unusable.iter();
    ensure!(left.clone().all(|one| one.reason == Unusable::NotRead && !one.name.is_empty()), "{listed:?}");
    let ids = listed.usable.iter().map(|account| &account.external_id);
    ensure!(ids.chain(left.map(|one| &one.external_id)).eq(&all), "some are lost, or out of order");

    bench.tap.script(bench.dialect.account, 1, Act::Rewrite(|_| {}));
    bench.tap.script(bench.dialect.account, ALWAYS, Act::Answer(503, String::new()));
    let part = list(&Unguarded).await.err().context("a part, though nobody waits")?;
    let none = list(&Allowance::of(Duration::from_secs(7))).await.err().context("a list of nothing")?;
    ensure!((part.kind, none.kind) == (Kind::Upstream, Kind::Upstream), "{part:?}, {none:?}");
    Ok(())
}

/// A gate that has time for a number of calls.
#[derive(Debug)]
struct Calls(AtomicU32);

#[async_trait]
impl Gate for Calls {
    async fn is_open(&self) -> bool {
        !self.left().is_zero()
    }

    fn left(&self) -> Duration {
        if self.0.load(Ordering::Relaxed) > 0 { Duration::from_mins(1) } else { Duration::ZERO }
    }

    fn spent(&self, _: Duration) {
        self.0.store(self.0.load(Ordering::Relaxed).saturating_sub(1), Ordering::Relaxed);
    }
}

/// S5: spend to the last digit; the rows add up to the platform's own figures.
pub(super) async fn money_and_counts_are_exact(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-08-20", "2026-09-10")?;
    for account in bench.sandbox.advertiser_ids() {
        bench.rows(&account, Level::Ad, window).await?;
    }
    let seen = bench.seen(bench.dialect.report);
    let pages = seen.iter().map(|seen| serde_json::from_str(&seen.answer)).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<&str> =
        pages.iter().flat_map(|page| (bench.dialect.rows)(page)).filter_map(bench.dialect.spend).collect();
    ensure!(texts.len() > 500, "only {} figures", texts.len());
    for text in &texts {
        let read = text.parse::<Micros>()?.to_string();
        let plain = text.split_once('.').map_or(*text, |_| text.trim_end_matches('0').trim_end_matches('.'));
        ensure!(read == plain, "{text} became {read}");
    }
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.exact));
    let page = bench.report_page(window).await??;
    let spend = page.rows.first().and_then(|row| row.values.get(Metric::Spend)).context("no spend")?;
    ensure!(Micros(spend).to_string() == EXACT_SPEND, "{spend}");
    Ok(())
}

pub(super) async fn unreported_is_not_zero(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.unreported));
    let page = bench.report_page(days("2026-09-01", "2026-09-07")?).await??;
    let values = page.rows.first().context("no rows")?.values;
    ensure!(values.get(Metric::Spend).is_none(), "spend was not reported: {values:?}");
    ensure!(values.get(Metric::Clicks).is_none(), "clicks were not reported: {values:?}");
    ensure!(values.get(Metric::Impressions) == Some(0), "impressions were zero: {values:?}");
    Ok(())
}

pub(super) async fn odd_row_costs_its_day_and_leaves_the_others(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-09-01", "2026-09-07")?;
    let whole = bench.report_page(window).await??;
    ensure!(whole.odd.is_empty() && whole.rows.len() > 2, "{} rows", whole.rows.len());
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.odd_rows));
    let page = bench.report_page(window).await??;
    ensure!(page.rows.iter().eq(whole.rows.iter().skip(2)), "{} rows", page.rows.len());
    let lost: Vec<_> = whole.rows.iter().take(2).map(|row| Some(row.day)).collect();
    ensure!(page.odd == lost, "{:?}", page.odd);

    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.literal));
    let page = bench.report_page(window).await??;
    ensure!(page.odd.is_empty() && page.rows.len() == whole.rows.len(), "{:?}", page.odd);
    let spends = || page.rows.iter().filter_map(|row| row.values.get(Metric::Spend));
    ensure!(spends().any(|spend| Micros(spend).to_string() == LITERAL_SPEND), "not read from its literal");
    Ok(())
}

pub(super) async fn what_is_not_offered_is_named_and_the_rest_is_read(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-09-01", "2026-09-07")?;
    let whole = bench.report_page(window).await??;
    let refusal = Act::Answer(200, bench.dialect.metric_not_offered.to_owned());
    bench.tap.script(bench.dialect.report, 1, refusal);
    let page = bench.report_page(window).await??;
    ensure!(page.not_offered.iter().eq([Metric::Conversions]), "{:?}", page.not_offered);
    ensure!(page.rows.len() == whole.rows.len(), "{} of {} rows", page.rows.len(), whole.rows.len());
    let row = page.rows.first().context("no rows")?;
    ensure!(row.values.get(Metric::Conversions).is_none(), "{row:?}");
    ensure!(row.values.get(Metric::Spend).is_some(), "{row:?}");
    let last = bench.seen(bench.dialect.report).pop().context("nothing was asked")?;
    ensure!(!last.query.contains(&format!("%22{}%22", bench.dialect.conversions)), "{}", last.query);

    bench.tap.script(bench.dialect.report, 1, Act::Answer(200, bench.dialect.level_not_offered.to_owned()));
    let error = bench.report_error().await?;
    ensure!(error.code == LEVEL_NOT_OFFERED, "{error:?}");
    Ok(())
}

pub(super) async fn days_are_the_accounts_own(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-09-10", "2026-09-18")?;
    let mut last_days = BTreeSet::new();
    for account in bench.accounts()?.list(&bench.cx()).await?.usable {
        let today = bench.now.in_tz(&account.zone)?.date();
        let rows = bench.rows(&account.external_id, Level::Account, window).await?;
        let last = rows.iter().map(|row| row.day).max().context("no rows")?;
        ensure!(last == today, "in {} it is {today}, the last row is of {last}", account.zone);
        last_days.insert(last);
    }
    ensure!(last_days.len() > 1, "the trial needs accounts whose days differ");
    Ok(())
}

/// S4: account, campaign, ad group and ad level have the same sums.
pub(super) async fn levels_add_up_with_what_was_deleted(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-06-01", "2026-06-30")?;
    for account in bench.sandbox.advertiser_ids() {
        let whole = sums(&bench.rows(&account, Level::Account, window).await?)?;
        ensure!(!whole.is_empty(), "no rows");
        for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
            let parts = sums(&bench.rows(&account, level, window).await?)?;
            ensure!(parts == whole, "the {} level differs from the account's", level.as_str());
        }
    }
    Ok(())
}

/// Adds up the metrics without gaps: the purchase value is unreported where there was no purchase.
fn sums(rows: &[Row]) -> Result<BTreeMap<Date, Values>> {
    let mut sums = BTreeMap::<Date, Values>::new();
    for row in rows {
        let sum = sums.entry(row.day).or_default();
        *sum = sum.plus(&row.values).context("a sum out of range")?;
    }
    Ok(sums)
}

pub(super) async fn structure_names_whatever_reports_mention(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let (account, window) = (bench.account()?, days("2026-06-01", "2026-06-30")?);
    let mut above: Option<BTreeSet<String>> = None;
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        let entities = bench.entities(&account, level).await?;
        let ids: BTreeSet<_> = entities.iter().map(|entity| entity.id.clone()).collect();
        let rows = bench.rows(&account, level, window).await?;
        let unnamed = rows.iter().filter(|row| !ids.contains(row.entity.as_str())).count();
        ensure!(
            unnamed == 0 && !rows.is_empty(),
            "{unnamed} rows of the {} level have no name",
            level.as_str()
        );
        ensure!(entities.iter().all(|entity| !entity.name.is_empty() && !entity.status.is_empty()), "blank");
        let orphan =
            |parent: &String| above.as_ref().map_or(!parent.is_empty(), |above| !above.contains(parent));
        ensure!(!entities.iter().any(|entity| orphan(&entity.parent)), "an orphan at {}", level.as_str());
        above = Some(ids);
    }
    let accounts = bench.structure()?.page(&bench.cx(), &account, Level::Account, None).await?;
    ensure!(accounts.items.is_empty() && accounts.next.is_none(), "an account is no part of itself");
    Ok(())
}

pub(super) async fn unknown_words_and_fields_pass(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let expected = bench.entities(&bench.account()?, Level::Ad).await?;
    bench.tap.script(bench.dialect.ads, 1, Act::Rewrite(bench.dialect.unknown_words));
    let page = bench.entities(&bench.account()?, Level::Ad).await?;
    ensure!(page.len() == expected.len(), "{} of {} ads", page.len(), expected.len());
    let status = &page.first().context("no ads")?.status;
    ensure!(status == "AD_STATUS_ON_THE_MOON", "the new word became {status}");
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.unknown_words));
    bench.report_page(days("2026-09-01", "2026-09-07")?).await??;
    Ok(())
}

pub(super) async fn ids_survive_as_text(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    bench.tap.script(bench.dialect.campaigns, 1, Act::Rewrite(bench.dialect.large_id));
    let page = bench.structure()?.page(&bench.cx(), &bench.account()?, Level::Campaign, None).await?;
    let first = &page.items.first().context("no campaigns")?.id;
    ensure!(first == LARGE_ID, "the id became {first}");
    Ok(())
}
