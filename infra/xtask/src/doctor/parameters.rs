//! The stack's own state and parameters: those that a deployment cannot work with.

use super::Point;
use crate::aws::stack::Stack;

const NAME: &str = "parameters";

/// Checks the state of the stack and its parameters.
pub(super) fn check(stack: &Stack) -> Vec<Point> {
    let mut points = vec![state(stack)];
    let mut found = vec![origin(stack), sender(stack), profile(stack), front(stack)];
    found.retain(Option::is_some);
    if found.is_empty() {
        let values = ["ApiOrigin", "MailFrom", "Profile"].map(|name| stack.parameter(name).unwrap_or("-"));
        points.push(Point::ok(NAME, values.join(", ")));
    }
    points.extend(found.into_iter().flatten());
    points
}

fn state(stack: &Stack) -> Point {
    if matches!(stack.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE") {
        return Point::ok("stack", format!("{} is {}", stack.name, stack.status));
    }
    let todo = "look at the stack's events in CloudFormation for the first failure, mend it and deploy again";
    Point::wrong("stack", format!("{} is {}", stack.name, stack.status), todo)
}

fn origin(stack: &Stack) -> Option<Point> {
    let origin = stack.parameter("ApiOrigin").unwrap_or_default();
    let of_nobody = reserved(origin.strip_prefix("https://").unwrap_or_default());
    (!origin.starts_with("https://") || of_nobody).then(|| {
        let todo = "deploy with ApiOrigin as platforms, mails and links shall name the API";
        Point::wrong(NAME, format!("ApiOrigin is `{origin}`, which nobody can reach"), todo)
    })
}

fn sender(stack: &Stack) -> Option<Point> {
    let from = stack.parameter("MailFrom").unwrap_or_default();
    let Some((_, domain)) = from.rsplit_once('@') else {
        return Some(Point::wrong(
            NAME,
            format!("MailFrom is `{from}`, no address"),
            "deploy with an address",
        ));
    };
    let identity = stack.parameter("MailIdentity").unwrap_or(from);
    if reserved(domain) {
        let todo = "deploy with an address of your own domain";
        return Some(Point::wrong(NAME, format!("MailFrom is `{from}`, which nobody owns"), todo));
    }
    let covers = identity == from || domain == identity || domain.ends_with(&format!(".{identity}"));
    (!covers).then(|| {
        let found =
            format!("MailIdentity `{identity}` does not cover MailFrom `{from}`: mails would be refused");
        Point::wrong(NAME, found, format!("deploy with MailIdentity={domain}, or leave it empty"))
    })
}

fn profile(stack: &Stack) -> Option<Point> {
    let name = stack.parameter("Profile").unwrap_or_default();
    let error = mooring_profiles::load(name).err()?;
    Some(Point::wrong(NAME, error.message, "deploy with the name of a file of shared/profiles"))
}

/// With the API's own address open, a caller goes around the front: the front's limits then bound nobody.
fn front(stack: &Stack) -> Option<Point> {
    let fronted = stack.parameter("EdgeSecretSha256").is_some();
    let open = stack.parameter("DisableExecuteApiEndpoint") != Some("true");
    (fronted && open).then(|| {
        let found = "EdgeSecretSha256 is set, and the API's own address still answers";
        Point::wrong(
            NAME,
            found,
            "deploy with DisableExecuteApiEndpoint=true (infra/deploy/README.md, A front)",
        )
    })
}

/// Returns whether a host is one of the names that are reserved for documents and tests (RFC 2606, RFC 6761).
fn reserved(host: &str) -> bool {
    let of = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    ["example.org", "example.com", "example.net", "example", "test", "invalid", "localhost"]
        .into_iter()
        .any(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(parameters: &[(&str, &str)]) -> Stack {
        let good = [
            ("ApiOrigin", "https://api.harbour.coffee"),
            ("MailFrom", "privacy@harbour.coffee"),
            ("Profile", "statasphere"),
        ];
        let all =
            good.iter().chain(parameters).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Stack {
            name: "mooring".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            parameters: all.collect(),
            ..Stack::default()
        }
    }

    fn wrong(parameters: &[(&str, &str)]) -> Vec<String> {
        check(&stack(parameters)).iter().filter(|point| point.todo.is_some()).map(Point::line).collect()
    }

    #[test]
    fn good_parameters_are_one_line() {
        assert!(wrong(&[]).is_empty());
        for identity in ["harbour.coffee", "privacy@harbour.coffee", "coffee"] {
            assert!(wrong(&[("MailIdentity", identity)]).is_empty(), "{identity}");
        }
        assert_eq!(check(&stack(&[])).len(), 2);
    }

    #[test]
    fn each_parameter_that_cannot_work_is_named_with_what_to_do() {
        for (parameter, says) in [
            (("ApiOrigin", "https://api.example.org"), "nobody can reach"),
            (("MailFrom", "privacy@example.org"), "nobody owns"),
            (("MailIdentity", "other.coffee"), "MailIdentity=harbour.coffee"),
            (("Profile", "harbour"), "statasphere"),
            (("EdgeSecretSha256", "00"), "DisableExecuteApiEndpoint=true"),
        ] {
            let found = wrong(&[parameter]);
            assert_eq!(found.len(), 1, "{parameter:?}: {found:?}");
            assert!(found[0].contains(says), "{found:?}");
        }
        let mut broken = stack(&[]);
        broken.status = "UPDATE_ROLLBACK_COMPLETE".to_owned();
        assert!(check(&broken)[0].line().contains("first failure"));
    }
}
