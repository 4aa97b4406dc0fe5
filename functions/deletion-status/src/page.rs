//! Writes the status page: the steps that were done and those to come, in plain words.

use std::cmp::Ordering;

use askama::Template;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::place::Subject;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::deletion::ledger::{Deletion, Step};
use mooring_domain::deletion::residue::Residue;
use mooring_domain::platform::capabilities::RevokeOutcome;
use mooring_edge::page;

/// The steps that people see, with the meaning of each.
const STEPS: [(Step, &str, &str); 7] = [
    (Step::CutConnections, "Every connection is cut", "Nothing of it can be read any more."),
    (
        Step::ShredData,
        "The data’s keys are destroyed",
        "What is stored is unreadable from here on, and in backups once those of the keys have expired.",
    ),
    (Step::Purge, "The data is deleted", "Reports, names and settings."),
    (Step::Revoke, "The platform is asked to end the access", "This is the only call that is still made."),
    (Step::ShredToken, "The access tokens are deleted", "Whatever the platform said."),
    (Step::PurgeAgain, "Everything is deleted a second time", "In case something was still on its way."),
    (Step::Verify, "Everything is counted", "Only when nothing is left the deletion is done."),
];

/// A step as the page shows it.
struct Row {
    what: &'static str,
    why: &'static str,
    /// The outcome of the platform's part.
    outcome: &'static str,
    when: When,
}

/// The progress of a step, with the time if there is one.
enum When {
    Done(Option<Timestamp>),
    Next(Option<Timestamp>),
    Later,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    deletion: &'a Deletion,
    /// The deleted things, as the subject of a sentence.
    what: &'static str,
    done: usize,
    steps: Vec<Row>,
    /// The copies that cannot be counted, with the time by which they are gone.
    residues: Vec<Residue>,
}

/// Writes the page.
pub(crate) fn status(deletion: &Deletion) -> Result<String> {
    let steps: Vec<_> = STEPS.iter().filter(|(step, _, _)| applies(deletion, *step)).collect();
    let body = StatusPage {
        deletion,
        what: match deletion.subject {
            Subject::Account(..) => "Figures and names",
            Subject::Connection(_) | Subject::Tenant => "Tokens, figures and names",
        },
        done: steps.iter().filter(|(step, _, _)| *step < deletion.step).count(),
        steps: steps.iter().map(|(step, what, why)| row(deletion, *step, what, why)).collect(),
        residues: deletion.residues(),
    };
    let is_over = deletion.verified_at.is_some();
    page(if is_over { "Your data is deleted" } else { "Your data is being deleted" }, &body)
}

/// Returns after how many seconds a browser should load the page again.
pub(crate) fn refresh_after(deletion: &Deletion, now: Timestamp) -> Option<u16> {
    let wait = deletion.next_step_at?.duration_since(now);
    Some(if wait.as_mins() < 2 { 5 } else { 60 })
}

fn applies(deletion: &Deletion, step: Step) -> bool {
    match step {
        Step::CutConnections => deletion.subject == Subject::Tenant,
        Step::ShredData => deletion.subject != Subject::Tenant,
        Step::Revoke | Step::ShredToken => deletion.revokes(),
        _ => true,
    }
}

fn row(deletion: &Deletion, step: Step, what: &'static str, why: &'static str) -> Row {
    let happened = deletion.happened().filter(|event| event.step == step).last();
    let when = match step.cmp(&deletion.step) {
        Ordering::Less => When::Done(happened.map(|event| event.at)),
        Ordering::Equal => When::Next(deletion.next_step_at),
        Ordering::Greater => When::Later,
    };
    Row { what, why, outcome: if step == Step::Revoke { outcome(deletion) } else { "" }, when }
}

fn outcome(deletion: &Deletion) -> &'static str {
    match deletion.revoke {
        None => "",
        Some(RevokeOutcome::Killed) => "The platform ended it.",
        Some(RevokeOutcome::Refused) => {
            "The platform refused; you can end it in the platform’s own settings. Our copy of the access is deleted."
        }
        Some(RevokeOutcome::Impossible) => {
            "That was not possible from here; you can end it in the platform’s own settings. Our copy of the access is \
             deleted."
        }
        Some(RevokeOutcome::Unreachable) => {
            "It could not be ended from here in the allowed tries; you can end it in the platform’s own settings. Our \
             copy of the access is deleted."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use mooring_domain::base::ids::{AccountId, ConnectionId, DeletionId, TenantId};
    use mooring_domain::deletion::ledger::{DELETE_WITHIN, Reason, StepEvent};

    fn deletion(subject: Subject, step: Step) -> Deletion {
        let t0: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        Deletion {
            id: "del_00000000000000000000000001".parse::<DeletionId>().unwrap(),
            tenant: "ten_00000000000000000000000002".parse::<TenantId>().unwrap(),
            subject,
            reason: Reason::Disconnected,
            platform: "tiktok_ads".to_owned(),
            t0,
            delete_by: t0 + DELETE_WITHIN,
            step,
            next_step_at: (step != Step::Done).then_some(t0 + SignedDuration::from_mins(20)),
            places: Vec::new(),
            keys: Vec::new(),
            revoke_tries: 1,
            revoke: Some(RevokeOutcome::Unreachable),
            events: vec![StepEvent { at: t0, step: Step::ShredData, counts: Vec::new(), outcome: None }],
            verified_at: (step == Step::Done).then_some(t0 + SignedDuration::from_hours(24)),
            code: "thecode".to_owned(),
            version: 1,
        }
    }

    fn connection() -> ConnectionId {
        "con_00000000000000000000000003".parse().unwrap()
    }

    #[test]
    fn it_says_what_happens_and_nothing_about_whom() {
        let page = status(&deletion(Subject::Connection(connection()), Step::PurgeAgain)).unwrap();
        assert!(page.contains("4 of 6"), "{page}");
        assert!(
            page.contains("27 November 2026") && page.contains("Next, at") && page.contains("own settings")
        );
        for secret in ["del_", "ten_", "con_", "thecode", "tiktok"] {
            assert!(!page.contains(secret), "{secret}");
        }
    }

    #[test]
    fn an_account_has_no_access_of_its_own() {
        let account: AccountId = "acc_00000000000000000000000004".parse().unwrap();
        let page = status(&deletion(Subject::Account(connection(), account), Step::Purge)).unwrap();
        assert!(!page.contains("access tokens") && page.contains("1 of 4"));
    }

    #[test]
    fn it_looks_again_until_it_is_done() {
        let running = deletion(Subject::Tenant, Step::Verify);
        let due = running.next_step_at.unwrap();
        assert_eq!(refresh_after(&running, due), Some(5));
        assert_eq!(refresh_after(&running, running.t0), Some(60));
        let done = deletion(Subject::Tenant, Step::Done);
        assert_eq!(refresh_after(&done, done.t0), None);
        assert!(status(&done).unwrap().contains("Your data is deleted"));
    }
}
