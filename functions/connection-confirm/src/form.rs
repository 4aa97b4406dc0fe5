//! Reads the form of the choice: which ticket, which accounts, which button.

use lambda_http::Request;
use lambda_http::http::Method;
use mooring_domain::connect::binding::is_handle;
use mooring_domain::connect::ops::confirm_accounts::Decision;
use mooring_domain::{Error, Result};
use mooring_edge::form_body;

/// A form whose ticket and decision stand exactly once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ChoiceForm {
    /// The handle of the ticket for which the page was made.
    pub(crate) handle: String,
    /// The decision of the person.
    pub(crate) decision: Decision,
}

impl ChoiceForm {
    /// Reads the form.
    pub(crate) fn read(request: &Request) -> Result<Self> {
        Self::of(form_body(request)?)
    }

    fn of(pairs: Vec<(String, String)>) -> Result<Self> {
        let (mut handle, mut decision, mut accounts) = (None, None, Vec::new());
        for (name, value) in pairs {
            match name.as_str() {
                "account" if !accounts.contains(&value) => accounts.push(value),
                "ticket" if handle.is_none() => handle = Some(value),
                "decision" if decision.is_none() => decision = Some(value),
                _ => return Err(not_ours()),
            }
        }
        let decision = match decision.as_deref() {
            Some("connect") => Decision::Connect(accounts),
            Some("cancel") => Decision::Cancel,
            _ => return Err(not_ours()),
        };
        Ok(Self { handle: handle.ok_or_else(not_ours)?, decision })
    }
}

/// Returns the handle of the page that a form came from, if the form has it. The form's errors link back to
/// that page.
pub(crate) fn handle(request: &Request) -> Option<String> {
    let pairs = Some(request).filter(|request| *request.method() == Method::POST).map(form_body)?.ok()?;
    pairs.into_iter().find(|(name, value)| name == "ticket" && is_handle(value)).map(|(_, value)| value)
}

fn not_ours() -> Error {
    let message =
        "The form is not as our page has it, so nothing was chosen. Go back to the list and choose again.";
    Error::invalid("invalid_form", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ChoiceForm> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        ChoiceForm::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn what_is_there_once_is_read() {
        let form = read("ticket=t&account=a&account=b&decision=connect").unwrap();
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(form, ChoiceForm { handle: "t".to_owned(), decision: Decision::Connect(both) });
        assert_eq!(read("ticket=t&account=a&decision=cancel").unwrap().decision, Decision::Cancel);
    }

    /// The order of fields must not decide which button counts, or which page.
    #[test]
    fn what_is_there_twice_or_missing_is_refused() {
        for text in [
            "ticket=t&account=a&decision=connect&decision=cancel",
            "ticket=t&account=a&decision=cancel&decision=connect",
            "ticket=t&account=a&decision=connect&decision=connect",
            "ticket=t&ticket=u&account=a&decision=connect",
            "ticket=t&account=a&account=a&decision=connect",
            "ticket=t&account=a",
            "ticket=t&account=a&decision=",
            "ticket=t&account=a&decision=Connect",
            "account=a&decision=connect",
            "ticket=t&account=a&decision=connect&x=1",
            "",
        ] {
            assert_eq!(read(text).unwrap_err().code, "invalid_form", "{text}");
        }
    }
}
