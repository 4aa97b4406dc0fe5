//! Promised times come from one constant each: no text of the code writes one by hand, and documents say the same.

use jiff::SignedDuration;
use mooring_domain::base::retention::{ACTIVITY_DAYS, DEAD_LETTER_DAYS, DELETE_DAYS, LOG_DAYS, QUEUE_DAYS};
use mooring_domain::base::table::Table;
use mooring_domain::connect::session::{ABANDONED_MINUTES, PENDING_MINUTES, SESSION_MINUTES};
use mooring_domain::deletion::ledger::{ALARM_AFTER, PAGE_AFTER, SECOND_PASS, VERIFY};
use mooring_domain::deletion::link::LINK_MINUTES;
use mooring_domain::guard::idempotency::KEPT;
use mooring_domain::notice::mail::{LONG_PAUSE, PAUSE_MINUTES, REQUEST_KEPT};
use mooring_domain::people::caller::FRONTEND_TOKEN_MINUTES;
use mooring_domain::people::ops::manage_keys::OVERLAP;
use mooring_domain::webhook::delivery::GIVE_UP_AFTER;
use mooring_domain::webhook::endpoint::OLD_SECRET;
use mooring_tests_tidy::template::{Template, at, text};
use mooring_tests_tidy::{root, sources};

fn hours(time: SignedDuration) -> String {
    format!("{} hours", time.as_hours())
}

fn days(time: SignedDuration) -> i64 {
    time.as_hours() / 24
}

/// Lists the promised times as a text would write them by hand, in figures or in words.
fn promised() -> Vec<String> {
    let days = [DELETE_DAYS, ACTIVITY_DAYS, LOG_DAYS].map(|days| format!("{days} days"));
    let minutes = [LINK_MINUTES, PENDING_MINUTES, SESSION_MINUTES, FRONTEND_TOKEN_MINUTES, PAUSE_MINUTES]
        .into_iter()
        .chain([LONG_PAUSE.as_mins()])
        .map(|minutes| format!("{minutes} minutes"));
    let words =
        ["half an hour", "quarter of an hour", "lives an hour", "within an hour", "for an hour", "for a day"];
    let mut all: Vec<_> = days.into_iter().chain(minutes).chain(words.map(str::to_owned)).collect();
    all.extend([KEPT, OLD_SECRET, REQUEST_KEPT].map(hours));
    all
}

/// Returns whether a text has a time that is not the end of another one, as `7 days` is of `17 days`.
fn says(text: &str, time: &str) -> bool {
    let mut before =
        text.match_indices(time).map(|(at, _)| text.get(..at).and_then(|text| text.chars().last()));
    before.any(|before| !before.is_some_and(|c| c.is_ascii_digit() || c == '.'))
}

/// Reads strings of the code, and comments of functions that become descriptions of the API.
#[test]
fn no_text_of_the_code_writes_a_promised_time_by_hand() {
    let mut found = Vec::new();
    let all = sources(&["functions", "shared"]).unwrap();
    for source in all.iter().filter(|source| !source.path.ends_with("tests.rs")) {
        for (number, line) in source.product_lines() {
            let line = line.trim();
            let is_text =
                !line.starts_with("//") || (line.starts_with("///") && source.path.starts_with("functions/"));
            if is_text && promised().iter().any(|time| says(line, time)) {
                found.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    assert!(found.is_empty(), "put the constant into the text\n{}", found.join("\n"));
}

const DEMO: &str = "infra/demo/static/texts/en.json";
const GERMAN_DEMO: &str = "infra/demo/static/texts/de.json";

/// The sentences that name a promised time where no constant can stand in them: documents, templates, the demo's texts, and
/// comments that become descriptions of the API.
fn sentences() -> Vec<(&'static str, String)> {
    let kept = ACTIVITY_DAYS;
    let [ledger, vault] =
        [Table::Ledger, Table::Vault].map(|table| table.recovery_days().unwrap_or_default());
    vec![
        ("docs/webhooks.md", format!("for {} every call is signed", hours(OLD_SECRET))),
        ("docs/webhooks.md", format!("the log of {kept} days")),
        ("docs/api/README.md", format!("For {} the same key", hours(KEPT))),
        ("docs/api/README.md", format!("an entry for {kept} days")),
        ("docs/keys.md", format!("keeps every call for {kept} days")),
        ("docs/logging.md", format!("Log groups keep {LOG_DAYS} days")),
        ("docs/alarms.md", format!("not verified {} days after", days(PAGE_AFTER))),
        ("docs/alarms.md", format!("the same after {}", hours(ALARM_AFTER))),
        ("docs/keys.md", format!("the overlap, {} days unless you say otherwise", days(OVERLAP))),
        ("template.yaml", format!("not verified {} after its start", hours(ALARM_AFTER))),
        ("template.yaml", format!("not verified {} days after its start", days(PAGE_AFTER))),
        ("infra/deploy/README.md", format!("own window ({ledger} days)")),
        ("shared/edge/src/openapi/words.rs", format!("({} days without one success)", days(GIVE_UP_AFTER))),
        (DEMO, format!("backups included within {vault} day")),
        (DEMO, format!("After {} minutes, when nothing", SECOND_PASS.as_mins())),
        (DEMO, format!("{} after its time counts", hours(VERIFY))),
        (GERMAN_DEMO, format!("Sicherungen eingeschlossen innerhalb von {vault} Tag")),
        (GERMAN_DEMO, format!("Nach {} Minuten, wenn nichts", SECOND_PASS.as_mins())),
        (GERMAN_DEMO, format!("{} Stunden nach dem Beginn", VERIFY.as_hours())),
        ("docs/api/README.md", format!("The grant is ended within {ABANDONED_MINUTES} minutes")),
        ("docs/api/README.md", format!("The link is {SESSION_MINUTES} minutes old")),
        ("docs/api/README.md", format!("or the choice {PENDING_MINUTES} minutes")),
        ("docs/return-url.md", format!("within {PENDING_MINUTES} minutes")),
        ("docs/limits.md", format!("| {QUEUE_DAYS} day, dead letters {DEAD_LETTER_DAYS} |")),
    ]
}

#[test]
fn documents_say_the_promised_times() {
    for (file, sentence) in sentences() {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains(&sentence), "{file} has to say “{sentence}”");
    }
}

/// The alarm reports a late mail while people still wait for its link; it does not take a message that SQS delays for
/// late.
#[test]
fn the_alarm_on_mails_rings_right_after_the_promised_time() {
    let template = Template::read().unwrap();
    let alarm = template.resource("MailQueueAgeAlarm");
    let minutes = at(alarm, "Properties/Threshold").as_i64().unwrap() / 60;
    assert!((PAUSE_MINUTES + 1..=PAUSE_MINUTES + 5).contains(&minutes), "{minutes} minutes");
    let description = text(alarm, "Properties/AlarmDescription");
    let documents = std::fs::read_to_string(root().join("docs/alarms.md")).unwrap();
    for text in [description, &documents] {
        assert!(text.contains(&format!("link has waited for {minutes} minutes; its mail")), "{text}");
        assert!(text.contains(&format!("is promised within {PAUSE_MINUTES}")), "{text}");
    }
}
