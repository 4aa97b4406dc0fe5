//! Lists: their end, their order, their limits.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use mooring_domain::base::error::Kind;
use mooring_domain::base::window::Window;
use mooring_domain::platform::capabilities::{PageCursor, ReportQuestion};
use mooring_domain::platform::figures::{Level, Row};

use crate::bench::{Bench, Setup, days};
use crate::tap::Act;

/// Enough ads for three pages.
const MANY: u32 = 2_300;

async fn large(platform: &str) -> Result<Bench> {
    Bench::with(platform, Setup { ads: MANY, ..Setup::default() }).await
}

pub(super) async fn paging_ends_and_repeats_nothing(platform: &'static str) -> Result<()> {
    let bench = large(platform).await?;
    let ads = bench.entities(&bench.account()?, Level::Ad).await?;
    let ids: BTreeSet<_> = ads.iter().map(|ad| &ad.id).collect();
    ensure!(ids.len() == ads.len(), "{} of {} ads came twice", ads.len() - ids.len(), ads.len());
    ensure!(ads.len() == usize::try_from(MANY)?, "{} ads of {MANY}", ads.len());
    ensure!(bench.seen(bench.dialect.ads).len() == 3, "pages of another size");
    let rows = bench.rows(&bench.account()?, Level::Ad, days("2026-09-01", "2026-09-05")?).await?;
    let keys: BTreeSet<_> = rows.iter().map(|row| (&row.entity, row.day)).collect();
    ensure!(
        keys.len() == rows.len() && rows.len() > 2_000,
        "{} rows, {} of them new",
        rows.len(),
        keys.len()
    );
    Ok(())
}

pub(super) async fn empty_page_does_not_end_the_list(platform: &'static str) -> Result<()> {
    let bench = large(platform).await?;
    let (account, window) = (bench.account()?, days("2026-09-01", "2026-09-05")?);
    let all = bench.rows(&account, Level::Ad, window).await?;
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.empty));
    let rest = bench.rows(&account, Level::Ad, window).await?;
    let expected: Vec<&Row> = all.iter().skip(1_000).collect();
    ensure!(!expected.is_empty() && rest.iter().collect::<Vec<_>>() == expected, "{} rows", rest.len());
    Ok(())
}

pub(super) async fn page_that_is_not_full_is_the_last_without_a_count(platform: &'static str) -> Result<()> {
    let bench = large(platform).await?;
    let (account, window) = (bench.account()?, days("2026-09-01", "2026-09-01")?);
    let all = bench.rows(&account, Level::Ad, window).await?;
    let pages = bench.seen(bench.dialect.report).len();
    bench.tap.script(bench.dialect.report, 50, Act::Rewrite(bench.dialect.no_count));
    let again = bench.rows(&account, Level::Ad, window).await?;
    ensure!(again == all, "{} of {} rows", again.len(), all.len());
    ensure!(bench.seen(bench.dialect.report).len() == 2 * pages, "pages were asked for that are not there");
    Ok(())
}

pub(super) async fn answer_to_another_page_is_refused(platform: &'static str) -> Result<()> {
    let bench = large(platform).await?;
    let question = ReportQuestion {
        account: &bench.account()?,
        level: Level::Ad,
        window: days("2026-09-01", "2026-09-05")?,
    };
    let first = bench.reports()?.page(&bench.cx(), &question, None).await?;
    let second = first.next.context("one page only")?;
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.first_page));
    let error =
        bench.reports()?.page(&bench.cx(), &question, Some(&second)).await.err().context("accepted")?;
    ensure!(error.kind == Kind::UpstreamChanged, "{error:?}");
    let strange = PageCursor("of another platform".to_owned());
    let error =
        bench.reports()?.page(&bench.cx(), &question, Some(&strange)).await.err().context("accepted")?;
    ensure!(error.kind == Kind::Invalid, "{error:?}");
    Ok(())
}

pub(super) async fn page_and_window_limits_are_kept(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let manifest = bench.connector()?.manifest();
    let to = bench.now.in_tz("UTC")?.date();
    let from = |days: u32| to.checked_sub(jiff::Span::new().try_days(days)?);
    let longest = Window::new(from(manifest.window_days - 1)?, to).context("window")?;
    ensure!(longest.days() == manifest.window_days, "the longest window");
    bench.report_page(longest).await?.context("the longest window was refused")?;
    let sizes: Vec<_> =
        bench.tap.seen().iter().filter_map(|seen| parameter(&seen.query, bench.dialect.page_size)).collect();
    ensure!(sizes == [manifest.page_size.to_string()], "page sizes {sizes:?}");
    let before = bench.tap.seen().len();
    let longer = Window::new(from(manifest.window_days)?, to).context("window")?;
    let error = bench.report_page(longer).await?.err().context("a longer window was accepted")?;
    ensure!(error.kind == Kind::Invalid && bench.tap.seen().len() == before, "{error:?}");
    Ok(())
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
