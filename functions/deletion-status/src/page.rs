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
use mooring_edge::{Language, page};

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
    language: &'static Language,
    deletion: &'a Deletion,
    /// The deleted things, as the subject of a sentence.
    what: &'static str,
    done: &'a str,
    total: &'a str,
    steps: Vec<Row>,
    /// The copies that cannot be counted, with the time by which they are gone.
    residues: Vec<Residue>,
    days: &'a str,
}

impl StatusPage<'_> {
    /// Returns the text of a residue's part: its `place`, or what it `holds`.
    fn residue(&self, residue: &Residue, part: &str) -> &'static str {
        let own = if part == "place" { residue.place } else { residue.holds };
        self.language.find(&format!("residue.{}.{part}", residue.word)).unwrap_or(own)
    }
}

/// Writes the page.
pub(crate) fn status(language: &'static Language, deletion: &Deletion) -> Result<String> {
    let (done, total) = deletion.progress();
    let body = StatusPage {
        language,
        deletion,
        what: language.text(match deletion.subject {
            Subject::Account(..) => "status.what_account",
            Subject::Connection(_) | Subject::Tenant => "status.what_all",
        }),
        done: &done.to_string(),
        total: &total.to_string(),
        steps: deletion.steps().map(|step| row(language, deletion, step)).collect(),
        residues: deletion.residues(),
        days: &DELETE_DAYS.to_string(),
    };
    let title = if deletion.verified_at.is_some() { "deletion.done_title" } else { "deletion.running_title" };
    page(language, language.text(title), &body)
}

fn row(language: &'static Language, deletion: &Deletion, step: Step) -> Row {
    let happened = deletion.happened().filter(|event| event.step == step).last();
    let when = match step.cmp(&deletion.step) {
        Ordering::Less => When::Done(happened.map(|event| event.at)),
        Ordering::Equal => When::Next(deletion.next_step_at),
        Ordering::Greater => When::Later,
    };
    let said = |part| language.find(&format!("step.{}.{part}", step.as_str())).unwrap_or_default();
    let outcome = deletion.revoke.filter(|_| step == Step::Revoke);
    Row {
        what: said("what"),
        why: said("why"),
        outcome: outcome.map_or("", |outcome| language.text(key(outcome))),
        when,
    }
}

const fn key(outcome: RevokeOutcome) -> &'static str {
    match outcome {
        RevokeOutcome::Killed => "revoke.killed",
        RevokeOutcome::Refused => "revoke.refused",
        RevokeOutcome::Impossible => "revoke.impossible",
        RevokeOutcome::Unreachable => "revoke.unreachable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use mooring_domain::base::ids::{AccountId, ConnectionId, DeletionId, TenantId};
    use mooring_domain::deletion::ledger::{DELETE_WITHIN, Reason, StepEvent};
    use mooring_edge::{find_language, languages};

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
        let running = deletion(Subject::Connection(connection()), Step::PurgeAgain);
        let page = status(find_language("en").unwrap(), &running).unwrap();
        assert!(page.contains("4 of 6"), "{page}");
        assert!(
            page.contains("27\u{a0}November 2026")
                && page.contains("Next, at")
                && page.contains("own settings")
        );
        for secret in ["del_", "ten_", "con_", "thecode", "tiktok"] {
            assert!(!page.contains(secret), "{secret}");
        }
    }

    #[test]
    fn an_account_has_no_access_of_its_own() {
        let account: AccountId = "acc_00000000000000000000000004".parse().unwrap();
        let running = deletion(Subject::Account(connection(), account), Step::Purge);
        let page = status(find_language("en").unwrap(), &running).unwrap();
        assert!(!page.contains("access keys are deleted") && page.contains("1 of 4"));
    }

    #[test]
    fn every_step_and_every_copy_has_a_text_in_every_language() {
        for language in languages() {
            let mut done = deletion(Subject::Tenant, Step::Done);
            let page = status(language, &done).unwrap();
            assert!(page.contains(language.text("deletion.done_title")), "{page}");
            done.subject = Subject::Connection(connection());
            for deletion in [deletion(Subject::Tenant, Step::Verify), done] {
                for step in deletion.steps() {
                    assert!(!row(language, &deletion, step).what.is_empty(), "{}: {step:?}", language.tag);
                }
                for residue in deletion.residues() {
                    let key = format!("residue.{}.holds", residue.word);
                    assert!(language.find(&key).is_some(), "{}: {key}", language.tag);
                }
            }
        }
    }
}
