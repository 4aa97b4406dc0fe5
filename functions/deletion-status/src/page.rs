//! The status page: what was done, what comes next, in plain words.

use jiff::Timestamp;
use mooring_domain::connector::RevokeOutcome;
use mooring_domain::deletion::{Deletion, Residue, Step, Subject};
use mooring_domain::retention::DELETE_DAYS;
use mooring_edge::{escape, layout};

/// The steps that people see, with what each means.
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

/// Writes the page.
pub(crate) fn status(deletion: &Deletion) -> String {
    let steps: Vec<_> = STEPS.iter().filter(|(step, _, _)| applies(deletion, *step)).collect();
    let done = steps.iter().filter(|(step, _, _)| *step < deletion.step).count();
    let items: String = steps.iter().map(|(step, what, why)| item(deletion, *step, what, why)).collect();
    let (title, lead) = lead(deletion);
    let body = format!(
        "<p class=\"note\" role=\"status\">{lead}</p>\
         <p><progress value=\"{done}\" max=\"{all}\" aria-label=\"Steps done\"></progress>\
         <span class=\"soft\">{done} of {all} steps done</span></p>\
         <h2>Step by step</h2><dl>{items}</dl>{expiry}\
         <p class=\"soft\">The {DELETE_DAYS} days count from {t0}. This page shows the status and nothing else; it says nothing about whose \
         data it is.</p>",
        all = steps.len(),
        t0 = time(deletion.t0),
        expiry = expiry(deletion),
    );
    layout(title, &body)
}

/// After how many seconds a browser should look again.
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

fn lead(deletion: &Deletion) -> (&'static str, String) {
    if let Some(at) = deletion.verified_at {
        return (
            "Your data is deleted",
            format!(
                "Everything that can be counted was counted at {}, and nothing was left. What expires by itself is listed \
                 below.",
                time(at)
            ),
        );
    }
    let by = time(deletion.delete_by);
    let what = match deletion.subject {
        Subject::Account(..) => "Figures and names",
        Subject::Connection(_) | Subject::Tenant => "Tokens, figures and names",
    };
    let lead = format!(
        "Nothing of it can be read any more. {what} are gone by <strong>{by}</strong> at the latest, \
         backups included. What expires later is listed below."
    );
    ("Your data is being deleted", lead)
}

fn item(deletion: &Deletion, step: Step, what: &str, why: &str) -> String {
    let happened = deletion.happened().filter(|event| event.step == step).last();
    let (mark, when) = match (step.cmp(&deletion.step), happened) {
        (std::cmp::Ordering::Less, Some(event)) => ("✓", format!("Done at {}.", time(event.at))),
        (std::cmp::Ordering::Less, None) => ("✓", "Done.".to_owned()),
        (std::cmp::Ordering::Equal, _) => ("→", next(deletion)),
        (std::cmp::Ordering::Greater, _) => ("·", "Later.".to_owned()),
    };
    let outcome = if step == Step::Revoke { outcome(deletion) } else { "" };
    format!(
        "<div><dt><span aria-hidden=\"true\">{mark}</span> {what}</dt><dd>{why} {outcome}<br>{when}</dd></div>",
        what = escape(what),
        why = escape(why),
    )
}

fn next(deletion: &Deletion) -> String {
    deletion.next_step_at.map_or_else(String::new, |at| format!("<strong>Next, at {}.</strong>", time(at)))
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

/// What cannot be counted, with the time by which it is gone.
fn expiry(deletion: &Deletion) -> String {
    let rows: String = deletion.residues().iter().map(residue).collect();
    format!(
        "<h2>What expires by itself</h2><table><thead><tr><th scope=\"col\">Where</th><th scope=\"col\">What</th>\
         <th scope=\"col\">Gone by</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn residue(residue: &Residue) -> String {
    let (place, holds) = (escape(residue.place), escape(residue.holds));
    let by = residue.by.map_or_else(|| after(residue.days), time);
    format!("<tr><td>{place}</td><td>{holds}</td><td>{by}</td></tr>")
}

/// A bound whose beginning is not known yet.
fn after(days: u16) -> String {
    let unit = if days == 1 { "day" } else { "days" };
    format!("{days} {unit} after the last step at most")
}

fn time(at: Timestamp) -> String {
    format!("<time datetime=\"{at}\">{}</time>", at.strftime("%-d %B %Y, %H:%M UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use mooring_domain::deletion::{DELETE_WITHIN, Reason, StepEvent};
    use mooring_domain::ids::{AccountId, ConnectionId, DeletionId, TenantId};

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
        let page = status(&deletion(Subject::Connection(connection()), Step::PurgeAgain));
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
        let page = status(&deletion(Subject::Account(connection(), account), Step::Purge));
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
        assert!(status(&done).contains("Your data is deleted"));
    }
}
