//! Report questions against naive sums.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::date;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::*;
use crate::base::error::Kind;
use crate::base::window::Window;
use crate::people::caller::CredentialKind;
use crate::platform::figures::{Entity, Level, METRICS, Metric, Ratio, Row};
use crate::sync::chunk::{NewChunk, encode_entities, entity_order, pack_rows, plain_rows, structure_name};
use crate::sync::completeness::{DayRecord, DayStatus, Marks, Reason};
use crate::sync::ports::ChunkWrite;
use crate::testing::{
    NOW, Step, World, account, account_ref, caller, connection, key, ports, ready, tenant, user,
};

const FIRST: Date = date(2026, 11, 1);

fn ports(world: &Arc<World>) -> Ports {
    ports!(world, Ports { rows, keys })
}

fn ask(world: &Arc<World>, query: &Query) -> Result<Report> {
    ready(run(&ports(world), &caller(CredentialKind::ApiKey), query))
}

fn question(days: i64, group_by: &str, sort: &str) -> Query {
    Query {
        connection: connection(),
        account: account(),
        level: Level::Ad,
        window: Window { from: FIRST, to: FIRST + (days - 1).days() },
        columns: Column::all(),
        group_by: GroupBy::parse(group_by).unwrap(),
        sort: Sort::parse(sort).unwrap(),
        limit: 1_000,
        as_of: None,
        after: None,
    }
}

/// Stores rows as the chunks of their days, observed some minutes after noon.
fn store(world: &World, rows: &[Row], minutes: i64) {
    let version = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes);
    let mut days: BTreeMap<Date, Vec<Row>> = BTreeMap::new();
    for row in rows {
        days.entry(row.day).or_default().push(row.clone());
    }
    for (day, mut rows) in days {
        let count = u64::try_from(rows.len()).unwrap();
        rows.sort_by(entity_order);
        put(world, &day_name(Level::Ad, day), version, &pack_rows(&rows, plain_rows(&rows)).unwrap());
        let record = DayRecord {
            status: DayStatus::Complete,
            marks: Marks::default(),
            version: Some(version),
            hash: [0; 16],
            rows: count,
        };
        world.sync.days.lock().unwrap().insert((Level::Ad, day), record);
    }
}

fn put(world: &World, name: &str, version: Timestamp, parts: &[Vec<u8>]) {
    let key = key(&KeyContext::account(&tenant(), &connection(), &account()));
    let parts =
        parts.iter().enumerate().map(|(part, bytes)| key.seal(&slot(name, version, part), bytes).unwrap());
    let chunk = StoredChunk { name: name.to_owned(), version, rows: 0, parts: parts.collect() };
    let expires_at = version + SignedDuration::from_hours(9_999);
    let new = NewChunk { chunk, expires_at: Some(expires_at), is_first: true };
    assert!(ready(world.put_chunks(&account_ref(), &[new])).unwrap().remove(0).unwrap());
}

fn row(day: i64, entity: &str, spend: i64, clicks: Option<i64>) -> Row {
    let mut values = Values::default();
    values.set(Metric::Spend, Some(spend));
    values.set(Metric::Clicks, clicks);
    Row { entity: entity.into(), day: FIRST + day.days(), values }
}

fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    let values = proptest::array::uniform5(proptest::option::of(-1_000_000_000_000_i64..1_000_000_000_000));
    proptest::collection::btree_map((0_i64..12, 0_u32..9), values, 0..60).prop_map(|rows| {
        let row = |((day, entity), values): ((i64, u32), [Option<i64>; METRICS])| Row {
            entity: format!("{}", u64::from(entity) * 37_000_000_007).into(),
            day: FIRST + day.days(),
            values: Values(values),
        };
        rows.into_iter().map(row).collect()
    })
}

fn naive(rows: &[Row], query: &Query) -> BTreeMap<(Option<Date>, Option<String>), Values> {
    let mut sums = BTreeMap::new();
    for row in rows.iter().filter(|row| (query.window.from..=query.window.to).contains(&row.day)) {
        let key =
            (query.group_by.day.then_some(row.day), query.group_by.entity.then(|| row.entity.to_string()));
        let sum: &mut Values = sums.entry(key).or_default();
        for column in 0..METRICS {
            if let Some(value) = row.values.0[column] {
                sum.0[column] = Some(sum.0[column].unwrap_or(0) + value);
            }
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn answers_are_the_naive_sums_and_pages_cover_them_once(
        rows in any_rows(),
        group_by in prop_oneof![Just("day"), Just("entity"), Just("day,entity"), Just("none")],
        sort in prop_oneof![Just("-spend"), Just("clicks"), Just("-ctr"), Just("cpa")],
        limit in 1_u32..20,
        days in 1_i64..14,
    ) {
        let world = World::connected();
        store(&world, &rows, 0);
        let mut query = question(days, group_by, sort);
        query.limit = limit;
        let want = naive(&rows, &query);
        let mut got = Vec::new();
        loop {
            let report = ask(&world, &query).unwrap();
            let total = want.values().fold(Values::default(), |sum, values| sum.plus(values).unwrap());
            prop_assert_eq!(report.totals, total, "totals are of all rows");
            prop_assert_eq!(report.days.len(), usize::try_from(days).unwrap());
            prop_assert!(report.rows.len() <= usize::try_from(limit).unwrap());
            got.extend(report.rows);
            query.after = report.next.map(|next| next.to_string().parse().unwrap());
            if query.after.is_none() {
                break;
            }
        }
        prop_assert_eq!(got.len(), want.len(), "every row once");
        for row in &got {
            prop_assert_eq!(&row.values, &want[&(row.day, row.entity.clone())]);
        }
        let SortKey::Column(column) = query.sort.key else { unreachable!() };
        let order: Vec<_> = got.iter().map(|row| column.of(&row.values)).collect();
        let valued: Vec<_> = order.iter().copied().flatten().collect();
        prop_assert!(order[..valued.len()].iter().all(Option::is_some), "rows without a value come last");
        let sorted = if query.sort.descending { valued.is_sorted_by(|a, b| a >= b) } else { valued.is_sorted() };
        prop_assert!(sorted);
    }

    #[test]
    fn a_ratio_of_an_answer_is_the_ratio_of_its_sums(rows in any_rows()) {
        let world = World::connected();
        store(&world, &rows, 0);
        let report = ask(&world, &question(12, "none", "-spend")).unwrap();
        for ratio in Ratio::ALL {
            prop_assert_eq!(Column::Ratio(ratio).of(&report.totals), ratio.of(&report.totals));
        }
        let sum = |metric| report.totals.get(metric);
        if let (Some(spend), Some(clicks)) = (sum(Metric::Spend), sum(Metric::Clicks)) && clicks != 0 {
            let cpc = i128::from(Ratio::Cpc.of(&report.totals).unwrap());
            prop_assert!((cpc * i128::from(clicks) - i128::from(spend)).abs() * 2 <= i128::from(clicks).abs());
        }
    }

    #[test]
    fn a_damaged_cursor_is_refused_and_never_a_panic(text in "[0-9a-f.]{0,60}") {
        if let Ok(position) = text.parse::<Position>() {
            prop_assert_eq!(position.to_string().parse::<Position>().unwrap(), position);
        }
    }
}

#[test]
fn rows_sort_by_day_and_by_entity_in_number_order() {
    let world = World::connected();
    store(&world, &[row(0, "9", 1, None), row(0, "10", 2, None), row(1, "9", 3, None)], 0);
    let order = |sort| -> Vec<i64> {
        let report = ask(&world, &question(2, "day,entity", sort)).unwrap();
        report.rows.iter().filter_map(|row| row.values.get(Metric::Spend)).collect()
    };
    assert_eq!(order("day"), [1, 2, 3]);
    assert_eq!(order("-day"), [3, 1, 2]);
    assert_eq!(order("entity"), [1, 3, 2]);
    assert_eq!(order("-entity"), [2, 1, 3]);
}

#[test]
fn later_pages_see_what_the_first_page_saw_and_a_changed_question_is_refused() {
    let world = World::connected();
    let rows = |spend| [row(0, "1", spend, None), row(0, "2", spend, None), row(0, "3", spend, None)];
    store(&world, &rows(1), 0);
    let mut query = question(1, "entity", "entity");
    query.limit = 1;
    query.after = ask(&world, &query).unwrap().next;
    store(&world, &rows(5), 60);
    let second = ask(&world, &query).unwrap();
    assert_eq!(second.rows[0].values.get(Metric::Spend), Some(1));
    assert_eq!(second.rows[0].entity.as_deref(), Some("2"));
    assert_eq!(second.days[0].status, Some(DayStatus::Provisional), "it was changed later");

    let refused = Query { sort: Sort::parse("-spend").unwrap(), ..query.clone() };
    assert_eq!(ask(&world, &refused).unwrap_err().code, "foreign_cursor");
    let refused = Query { as_of: NOW.parse().ok(), ..query };
    assert_eq!(ask(&world, &refused).unwrap_err().code, "foreign_cursor");
}

#[test]
fn a_report_can_be_asked_as_of_a_time() {
    let world = World::connected();
    store(&world, &[row(0, "1", 1, None)], 0);
    store(&world, &[row(0, "1", 7, None), row(1, "1", 9, None)], 60);
    let mut query = question(2, "day", "day");
    assert_eq!(ask(&world, &query).unwrap().totals.get(Metric::Spend), Some(16));
    query.as_of = Some(NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(30));
    let then = ask(&world, &query).unwrap();
    assert_eq!(then.totals.get(Metric::Spend), Some(1));
    assert_eq!(
        then.days.iter().map(|day| day.status).collect::<Vec<_>>(),
        [Some(DayStatus::Provisional), None]
    );
}

#[test]
fn every_day_says_what_is_known_and_zero_is_not_the_same_as_nothing() {
    let world = World::connected();
    store(&world, &[row(0, "1", 0, None)], 0);
    let failed = DayStatus::Failed(Reason::RateLimited);
    let record =
        |status| DayRecord { status, marks: Marks::default(), version: None, hash: [0; 16], rows: 0 };
    world.sync.days.lock().unwrap().insert((Level::Ad, FIRST + 1.days()), record(failed));
    world.sync.days.lock().unwrap().insert((Level::Ad, FIRST + 2.days()), record(DayStatus::Complete));
    let report = ask(&world, &question(4, "day", "day")).unwrap();
    let status: Vec<_> = report.days.iter().map(|day| day.status).collect();
    assert_eq!(status, [Some(DayStatus::Complete), Some(failed), Some(DayStatus::Complete), None]);
    assert_eq!(report.rows.len(), 1);
    assert_eq!(
        (report.rows[0].values.get(Metric::Spend), report.rows[0].values.get(Metric::Clicks)),
        (Some(0), None)
    );
}

#[test]
fn names_come_from_the_structure_and_an_unknown_entity_keeps_its_id() {
    let world = World::connected();
    store(&world, &[row(0, "1", 1, None), row(0, "2", 1, None)], 0);
    let named = Entity {
        id: "1".to_owned(),
        parent: "g".to_owned(),
        name: "First ad".to_owned(),
        status: "ON".to_owned(),
    };
    let parts = encode_entities(&mut [named.clone()]).unwrap();
    put(&world, &structure_name(Level::Ad), NOW.parse().unwrap(), &parts);
    let report = ask(&world, &question(1, "entity", "entity")).unwrap();
    assert!(report.rows[0].described == Some(named) && report.rows[1].described.is_none());
    assert_eq!(report.rows[1].entity.as_deref(), Some("2"));
}

#[test]
fn questions_that_are_too_large_or_do_not_fit_say_what_would() {
    let world = World::connected();
    let code = |query: Query| ask(&world, &query).unwrap_err();
    let long = code(question(93, "day", "day"));
    assert!(long.code == "too_many_days" && long.message.contains("92"));
    let account = Query { level: Level::Account, ..question(400, "day", "day") };
    assert!(ask(&world, &account).is_ok());
    assert_eq!(code(question(1, "entity", "day")).code, "unknown_sort");
    assert_eq!(code(question(1, "day", "entity")).code, "unknown_sort");
    assert_eq!(code(Query { limit: 0, ..question(1, "day", "day") }).code, "bad_limit");
    assert_eq!(code(Query { limit: 1_001, ..question(1, "day", "day") }).code, "bad_limit");
    let unknown = Column::parse_list("spend,vanity").unwrap_err();
    assert!(unknown.code == "unknown_metric" && unknown.message.contains("impressions, clicks"));
    assert_eq!(Column::parse_list("spend,spend").unwrap_err().code, "repeated_metric");
    assert!(GroupBy::parse("week").is_err() && Sort::parse("--day").is_err());
    let words: HashSet<_> = Column::all().into_iter().map(Column::as_str).collect();
    assert_eq!(words.len(), METRICS + Ratio::ALL.len());
}

#[test]
fn nothing_is_opened_for_what_may_not_be_read() {
    use crate::connect::connection::State;
    for state in [State::Pending, State::Purging] {
        let world = World::connected();
        world.set_state(state);
        assert_eq!(ask(&world, &question(1, "day", "day")).unwrap_err().kind, Kind::NotFound);
        assert_eq!(world.count(|step| *step == Step::Opened), 0);
    }
    let world = World::connected();
    let stranger = caller(CredentialKind::FrontendToken("somebody-else".parse().unwrap()));
    let refused = ready(run(&ports(&world), &stranger, &question(1, "day", "day"))).unwrap_err();
    assert_eq!((refused.kind, world.count(|step| *step == Step::Opened)), (Kind::NotFound, 0));
    let owner = caller(CredentialKind::FrontendToken(user()));
    assert!(ready(run(&ports(&world), &owner, &question(1, "day", "day"))).is_ok());
}

#[test]
fn an_answer_that_a_disconnect_overtakes_does_not_leave() {
    let world = World::connected();
    store(&world, &[row(0, "1", 1, None)], 0);
    *world.connect.fence_reads.lock().unwrap() = Some(1);
    assert_eq!(ask(&world, &question(1, "day", "day")).unwrap_err().kind, Kind::NotFound);
}

/// A function answers at most 6 MB: a page of names that all have to be escaped ends early and goes on.
#[test]
fn a_page_is_never_too_large_and_the_next_one_goes_on() {
    let world = World::connected();
    let ids: Vec<String> = (0..1_000).map(|number| format!("{}", 1_000_000 + number)).collect();
    let rows: Vec<Row> = ids.iter().map(|id| row(0, id, 5, Some(1))).collect();
    store(&world, &rows, 1);
    let described = |id: &String| Entity {
        id: id.clone(),
        parent: "p".repeat(128),
        name: "\u{1}".repeat(512),
        status: "\"".repeat(512),
    };
    let mut entities: Vec<Entity> = ids.iter().map(described).collect();
    let version = NOW.parse().unwrap();
    put(&world, &structure_name(Level::Ad), version, &encode_entities(&mut entities).unwrap());
    let mut query = question(1, "entity", "entity");
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let report = ask(&world, &query).unwrap();
        let bytes: usize = report.rows.iter().map(|row| page::size(&query, row)).sum();
        assert!(bytes <= 4_500_000 && !report.rows.is_empty(), "{bytes} bytes");
        assert!(
            report.rows.iter().all(|row| row.described.as_ref().is_some_and(|one| one.name.len() == 512))
        );
        seen.extend(report.rows.into_iter().filter_map(|row| row.entity));
        pages += 1;
        query.after = report.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids, "every row once, in order");
    assert_eq!(pages, 2);
}
