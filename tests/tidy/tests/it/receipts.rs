//! Receipts against the template: no date of a receipt is earlier than template.yaml makes possible, whatever ended the
//! connection and however the steps went.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests: a panic is their failure")]

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::{AccountId, ConnectionId, DeletionId, TenantId};
use mooring_domain::base::place::{Locator, Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::{DELETE_WITHIN, Deletion, Reason, SECOND_PASS, Step, StepEvent};
use mooring_domain::deletion::residue::Residue;
use mooring_tests_tidy::rules::class;
use mooring_tests_tidy::template::{Template, at};
use proptest::prelude::*;

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::read().expect("template.yaml"));

const TABLE: &str = "AWS::DynamoDB::Table";
/// `DynamoDB` and `CloudWatch` remove expired items within a few days; receipts allow for at least two.
const LATE: i64 = 2;

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// Returns the recovery window that the template gives a table, in days.
fn window(template: &Template, table: Table) -> i64 {
    let (_, resource) = template.of_type(TABLE).find(|(id, _)| class(id) == Some(table)).expect("a table");
    let recovery = at(resource, "Properties/PointInTimeRecoverySpecification");
    if at(recovery, "PointInTimeRecoveryEnabled") == false {
        return 0;
    }
    // Without a number, AWS keeps 35 days.
    at(recovery, "RecoveryPeriodInDays").as_i64().unwrap_or(35)
}

fn longest(template: &Template, kind: &str, property: &str) -> i64 {
    let all =
        template.of_type(kind).filter_map(|(_, one)| at(one, &format!("Properties/{property}")).as_i64());
    all.max().expect("one at least")
}

fn residue(deletion: &Deletion, word: &str) -> Option<Residue> {
    deletion.residues().into_iter().find(|residue| residue.place.contains(word))
}

const WORDS: [(Table, &str); 4] = [
    (Table::Directory, "directory"),
    (Table::Connections, "connections"),
    (Table::Vault, "vault"),
    (Table::Reports, "reports"),
];

/// Generates a deletion that is done: passes at any times, counts of any size, in any tables, and verifications that
/// found more.
fn deletions() -> impl Strategy<Value = Deletion> {
    let reasons = proptest::sample::select(Reason::all().collect::<Vec<_>>());
    let steps = [
        Step::ShredData,
        Step::Purge,
        Step::Revoke,
        Step::ShredToken,
        Step::PurgeAgain,
        Step::Verify,
        Step::Verify,
    ];
    let waits = proptest::collection::vec(0_i64..400_000, steps.len());
    let counts = proptest::collection::vec(proptest::collection::vec(0_u64..3, WORDS.len()), steps.len());
    (reasons, 0_u8..3, waits, counts, 0_i64..90_000).prop_map(
        move |(reason, subject, waits, counts, late)| {
            let t0: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
            let mut at = t0 + SignedDuration::from_secs(late);
            let mut events = Vec::new();
            for ((step, wait), counts) in steps.iter().zip(waits).zip(counts) {
                at += SignedDuration::from_secs(wait);
                let counts =
                    WORDS.iter().zip(counts).filter(|(_, count)| *step != Step::Revoke && *count != 2);
                let counts = counts.map(|((table, _), count)| (*table, count)).collect();
                events.push(StepEvent { at, step: *step, counts, outcome: None });
            }
            done(subject, reason, t0, events)
        },
    )
}

fn done(subject: u8, reason: Reason, t0: Timestamp, events: Vec<StepEvent>) -> Deletion {
    let connection: ConnectionId = "con_00000000000000000000000003".parse().unwrap();
    let account: AccountId = "acc_00000000000000000000000004".parse().unwrap();
    let subject = match subject {
        0 => Subject::Connection(connection),
        1 => Subject::Account(connection, account),
        _ => Subject::Tenant,
    };
    let place = |table| Place { class: table, locator: Locator::new("p", "") };
    Deletion {
        id: "del_00000000000000000000000001".parse::<DeletionId>().unwrap(),
        tenant: "ten_00000000000000000000000002".parse::<TenantId>().unwrap(),
        subject,
        reason,
        platform: "tiktok_ads".to_owned(),
        t0,
        delete_by: t0 + DELETE_WITHIN,
        step: Step::Done,
        next_step_at: None,
        places: WORDS.iter().map(|(table, _)| place(*table)).collect(),
        keys: Vec::new(),
        revoke_tries: 0,
        revoke: None,
        verified_at: events.last().map(|event| event.at),
        events,
        code: "code".to_owned(),
        version: 9,
    }
}

/// Returns the latest time at which a pass or a verification deleted a row of a table, from the deletion's events.
fn deleted(deletion: &Deletion, table: Table) -> Option<Timestamp> {
    let found = |event: &&StepEvent| event.counts.iter().any(|(of, count)| *of == table && *count > 0);
    deletion.events.iter().filter(found).map(|event| event.at).max()
}

proptest! {
    #[test]
    fn no_date_of_a_receipt_is_earlier_than_the_template_makes_possible(deletion in deletions()) {
        for (table, word) in WORDS {
            let residue = residue(&deletion, word).expect("every table with a place is named");
            if let Some(last) = deleted(&deletion, table) {
                prop_assert!(residue.by.unwrap() >= last + days(window(&TEMPLATE, table)), "{word}");
            }
        }
        let last = deletion.verified_at.unwrap();
        let by = |word: &str| residue(&deletion, word).and_then(|residue| residue.by).unwrap();
        // An entry of the activity log, a line of the log and a message report the end itself.
        prop_assert!(by("activity") >= last + days(83 + LATE + window(&TEMPLATE, Table::Activity)));
        prop_assert!(by("logs") >= last + days(LATE + longest(&TEMPLATE, "AWS::Logs::LogGroup", "RetentionInDays")));
        let queued = SignedDuration::from_secs(longest(&TEMPLATE, "AWS::SQS::Queue", "MessageRetentionPeriod"));
        prop_assert!(by("queues") >= last + queued);
        prop_assert!(by("short-lived") >= deletion.delete_by + days(LATE), "whose it is was known until then");
    }
}

#[test]
fn a_deletion_in_time_is_gone_everywhere_within_the_promise() {
    let t0: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let pass = |step, after| StepEvent {
        at: t0 + after,
        step,
        counts: WORDS.iter().map(|(table, _)| (*table, 0)).collect(),
        outcome: None,
    };
    let events = vec![
        pass(Step::Purge, SignedDuration::from_mins(1)),
        pass(Step::PurgeAgain, SECOND_PASS),
        pass(Step::Verify, days(1)),
    ];
    let deletion = done(0, Reason::Disconnected, t0, events);
    for word in ["connections", "vault", "reports"] {
        let by = residue(&deletion, word).and_then(|residue| residue.by).unwrap();
        assert!(by <= deletion.delete_by, "{word}: {by}");
    }
}

#[test]
fn a_deletion_that_runs_names_bounds_and_no_dates() {
    let t0: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let running = Deletion { step: Step::PurgeAgain, ..done(0, Reason::Requested, t0, Vec::new()) };
    assert!(running.residues().iter().all(|residue| residue.by.is_none() && residue.days > 0));
}
