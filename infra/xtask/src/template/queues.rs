//! Writes the resources of the table of queues: each queue, its dead letters, an alarm on both, and their place on the
//! dashboard of operations. It also writes their rows of docs/alarms.md.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use mooring_domain::base::retention::{DEAD_LETTER_DAYS, QUEUE_DAYS};
use mooring_queue::queues::{Alarm, RECEIVES};
use mooring_queue::{QUEUES, Queue};

use super::file::Functions;
use super::{Lines, camel, filled, root};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// What an alarm does: it tells the stack's own topic if there is one, else the operator's.
const ALARM_ACTIONS: &str = "AlarmActions: !If [HasAlarmEmail, [!Ref AlarmTopic], !If [HasAlarmTopic, \
                             [!Ref AlarmTopicArn], !Ref \"AWS::NoValue\"]]";

/// Begins a line of operations.txt that stands once for each queue.
const EACH: &str = "each queue: ";

/// Returns the queue that starts a function.
pub(crate) fn queue_of(worker: &str) -> Option<&'static Queue> {
    QUEUES.into_iter().find(|queue| queue.worker == worker)
}

/// Finds a queue by its word.
pub(super) fn named(name: &str) -> Result<&'static Queue> {
    let found = QUEUES.into_iter().find(|queue| queue.name == name);
    found.with_context(|| format!("shared/queue/src/queues.rs has no queue `{name}`"))
}

/// Returns the logical id of a queue.
pub(super) fn id(queue: &Queue) -> String {
    format!("{}Queue", camel(queue.name))
}

/// Writes the queues.
pub(super) fn write(functions: &Functions) -> Result<Lines> {
    let mut out = Lines::default();
    for queue in QUEUES {
        let known = functions.function.contains_key(queue.worker);
        anyhow::ensure!(known, "infra/template/functions.toml has no function `{}`", queue.worker);
        let word = camel(queue.name);
        pair(&mut out, queue, &word);
        let Queue { alarms, .. } = queue;
        let visible = Watched { metric: "ApproximateNumberOfMessagesVisible", of: "DeadLetters", above: 0 };
        alarm(&mut out, &word, &visible, &alarms.given_up);
        let age =
            Watched { metric: "ApproximateAgeOfOldestMessage", of: "Queue", above: alarms.late_after.into() };
        alarm(&mut out, &word, &age, &alarms.late);
    }
    Ok(out)
}

fn pair(out: &mut Lines, queue: &Queue, word: &str) {
    out.gap();
    out.add(1, format!("{word}Queue:"));
    out.all(2, ["Type: AWS::SQS::Queue", "Properties:"]);
    out.add(3, "SqsManagedSseEnabled: true");
    out.add(3, format!("VisibilityTimeout: {}", queue.visibility));
    out.add(3, format!("MessageRetentionPeriod: {}", DAY * u32::from(QUEUE_DAYS)));
    out.add(3, "RedrivePolicy:");
    out.add(4, format!("deadLetterTargetArn: !GetAtt {word}DeadLetters.Arn"));
    out.add(4, format!("maxReceiveCount: {RECEIVES}"));
    out.gap();
    out.add(1, format!("{word}DeadLetters:"));
    out.all(2, ["Type: AWS::SQS::Queue", "Properties:"]);
    out.add(3, "SqsManagedSseEnabled: true");
    out.add(3, format!("MessageRetentionPeriod: {}", DAY * u32::from(DEAD_LETTER_DAYS)));
}

/// The metric that an alarm watches.
struct Watched {
    metric: &'static str,
    /// The end of the logical id of the queue that has the metric.
    of: &'static str,
    above: u32,
}

fn alarm(out: &mut Lines, word: &str, watched: &Watched, alarm: &Alarm) {
    let name = if watched.of == "Queue" { "QueueAge" } else { watched.of };
    out.gap();
    out.add(1, format!("{word}{name}Alarm:"));
    out.all(2, ["Type: AWS::CloudWatch::Alarm", "Properties:"]);
    out.add(3, format!("AlarmDescription: \"{}\"", said(alarm, watched.above)));
    out.add(3, "Namespace: AWS/SQS");
    out.add(3, format!("MetricName: {}", watched.metric));
    out.add(3, "Dimensions:");
    out.add(4, "- Name: QueueName");
    out.add(5, format!("Value: !GetAtt {word}{}.QueueName", watched.of));
    out.all(3, ["Statistic: Maximum", "Period: 300", "EvaluationPeriods: 1"]);
    out.add(3, format!("Threshold: {}", watched.above));
    out.all(3, ["ComparisonOperator: GreaterThanThreshold", "TreatMissingData: notBreaching"]);
    out.add(3, ALARM_ACTIONS);
}

/// Returns what an alarm says, with the time after which a job counts as late.
fn said(alarm: &Alarm, late_after: u32) -> String {
    let time = if late_after == 3600 { "an hour".to_owned() } else { format!("{} minutes", late_after / 60) };
    alarm.says.replace("{late}", &time)
}

/// Writes the body of the dashboard of operations.
pub(super) fn dashboard(_: &Functions) -> Result<Lines> {
    let path = root().join("infra/template/operations.txt");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut out = Lines::default();
    out.add(3, "DashboardBody: !Sub |");
    for line in text.lines() {
        for line in repeated(line) {
            out.add(4, line);
        }
    }
    Ok(out)
}

/// Writes a line of operations.txt; one that begins with [`EACH`] once for each queue, with commas between.
fn repeated(line: &str) -> Vec<String> {
    let Some((before, text)) = line.split_once(EACH) else { return vec![line.to_owned()] };
    let (text, end) = text.strip_suffix(',').map_or((text, ""), |text| (text, ","));
    let of = |queue: &Queue| text.replace("{Queue}", &camel(queue.name)).replace("{queue}", queue.name);
    let mut lines: Vec<String> = QUEUES.into_iter().map(|queue| format!("{before}{},", of(queue))).collect();
    if let Some(last) = lines.last_mut() {
        last.truncate(last.len().saturating_sub(1));
        last.push_str(end);
    }
    lines
}

/// Returns the path of the page of alarms.
pub fn alarms_file() -> PathBuf {
    root().join("docs/alarms.md")
}

/// Returns the text of the page of alarms, with the rows of the queues written anew.
pub fn alarms_text() -> Result<String> {
    let path = alarms_file();
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut out = Lines::default();
    out.gap();
    out.all(0, ["| alarm | rings when | then |", "|---|---|---|"]);
    for queue in QUEUES {
        for (name, alarm) in [("DeadLetters", &queue.alarms.given_up), ("QueueAge", &queue.alarms.late)] {
            let says = small(said(alarm, queue.alarms.late_after.into()).trim_end_matches('.'));
            out.add(0, format!("| {}{name}Alarm | {says} | {} |", camel(queue.name), alarm.then));
        }
    }
    out.gap();
    filled(&text, "docs/alarms.md", "queues", &out)
}

/// Makes the first letter small.
fn small(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_dashboard_stands_once_for_each_queue() {
        assert_eq!(repeated("  {"), ["  {"]);
        let lines = repeated("  each queue: [\"${{Queue}Queue.Arn}\", \"{queue}\"]");
        assert_eq!(lines.len(), QUEUES.len());
        assert_eq!(lines.first().unwrap(), "  [\"${SyncQueue.Arn}\", \"sync\"],");
        assert!(lines.last().unwrap().ends_with(']'), "{lines:?}");
        assert!(repeated("each queue: \"{queue}\",").iter().all(|line| line.ends_with(',')));
    }

    #[test]
    fn a_queue_is_found_by_its_word_and_by_its_worker() {
        assert_eq!(id(named("sync").unwrap()), "SyncQueue");
        assert_eq!(queue_of("mail-worker").unwrap().name, "mail");
        assert!(queue_of("openapi").is_none());
        let error = named("letters").unwrap_err().to_string();
        assert_eq!(error, "shared/queue/src/queues.rs has no queue `letters`");
    }
}
