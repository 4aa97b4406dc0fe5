//! Checks a deployment from outside, point by point: what is in order, what is wrong, and what to do about it.
//!
//! The doctor reads and asks; it changes nothing, sends nothing and prints no secret. Each point judges facts that were
//! gathered before, so that a judgement is a function of them.

mod alarms;
mod mail;
mod parameters;
mod platform;
mod quota;
mod round_trip;
mod secrets;
mod tables;

use anyhow::{Result, ensure};
use clap::Args;

use crate::aws::refused;
use crate::reach::InCloud;

/// The deployment to check.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The stack in AWS, by its name.
    #[arg(long, value_name = "NAME")]
    stack: String,
    /// The address of the API to ask in place of `ApiOrigin`, such as the output `ApiEndpoint` before the name is mapped.
    #[arg(long, value_name = "ORIGIN")]
    at: Option<String>,
}

/// One point, and the verdict on it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    name: String,
    /// What was found.
    found: String,
    /// What to do; `None` when the point is in order.
    todo: Option<String>,
}

impl Point {
    fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), found: found.into(), todo: None }
    }

    fn wrong(name: impl Into<String>, found: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { name: name.into(), found: found.into(), todo: Some(todo.into()) }
    }

    /// Makes the point of a question that was not answered.
    fn unasked(name: impl Into<String>, error: &anyhow::Error) -> Self {
        let denied = refused(error).is_some_and(|refused| matches!(refused.status, 401 | 403));
        let todo = if denied {
            "give your own AWS user the right to ask this, or ask somebody who has it"
        } else {
            "mend what the error names, and ask again"
        };
        Self::wrong(name, format!("not known: {error:#}"), todo)
    }

    fn line(&self) -> String {
        match &self.todo {
            None => format!("ok     {:<18} {}", self.name, self.found),
            Some(todo) => format!("WRONG  {:<18} {}\n       {:<18} -> {todo}", self.name, self.found, ""),
        }
    }
}

/// Checks every point, prints each as soon as it is known, and fails if one is wrong.
#[expect(clippy::print_stdout, reason = "the verdicts are what the chore is asked for")]
pub(crate) async fn run(options: &Options) -> Result<()> {
    let cloud = InCloud::open(&options.stack).await?;
    let mut wrong = 0;
    let mut tell = |points: Vec<Point>| {
        for point in points {
            wrong += usize::from(point.todo.is_some());
            println!("{}", point.line());
        }
    };
    tell(parameters::check(&cloud.stack));
    tell(mail::check(&cloud).await);
    tell(vec![alarms::check(&cloud).await]);
    tell(vec![quota::check(&cloud).await]);
    tell(secrets::check(&cloud).await);
    tell(platform::check(&cloud).await);
    tell(tables::check(&cloud).await);
    tell(round_trip::check(&cloud.stack, options.at.as_deref()).await);
    ensure!(wrong == 0, "{wrong} points are wrong; each says above what to do");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_that_is_wrong_says_what_to_do() {
        assert_eq!(Point::ok("alarms", "1 subscription").line(), "ok     alarms             1 subscription");
        let line = Point::wrong("alarms", "nobody", "confirm").line();
        assert!(line.starts_with("WRONG  alarms") && line.ends_with("-> confirm"), "{line}");
        let point = Point::unasked("mail", &anyhow::anyhow!("no route"));
        assert!(point.found.contains("not known: no route") && point.todo.is_some());
    }
}
