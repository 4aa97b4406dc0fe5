//! A test mail that shows whether SES sends for the sender, before a person who wants a deletion is the first to find
//! out.

use anyhow::{Result, ensure};
use aws_types::SdkConfig;
use mooring_domain::Kind;
use mooring_domain::notice::ports::Mailer as _;
use mooring_mail::Ses;
use secrecy::SecretString;

const SUBJECT: &str = "Mooring: mail works";
const TEXT: &str =
    "This mail was sent by `cargo xtask mail`. Deletion links will come from the same address.\n";

const REFUSED: &str = "SES refused the mail. With AccessDeniedException your AWS credentials lack ses:SendEmail on the \
     sender's identity. Otherwise the identity of the sender has to be verified in this region (its domain or the \
     address), and out of the sandbox, where the recipient has to be verified as well";
const UNREACHED: &str = "SES could not be asked: look at your AWS credentials and the region";

/// Sends one mail by the same adapter and the same call as the mail of deletions.
#[expect(clippy::print_stdout, reason = "for whoever waits for the mail")]
pub async fn check(config: &SdkConfig, from: &str, to: &str) -> Result<()> {
    for (option, address) in [("--from", from), ("--to", to)] {
        let is_address =
            address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
        ensure!(is_address, "{option} has to be an address");
    }
    let ses = Ses::new(mooring_mail::Client::new(config), from);
    ses.send(&SecretString::from(to.to_owned()), SUBJECT, TEXT).await.map_err(|error| {
        let advice = if error.kind == Kind::Unavailable { UNREACHED } else { REFUSED };
        anyhow::Error::new(error).context(advice)
    })?;
    println!("SES took the mail; look whether it came to {to}");
    println!("{}", untested(from));
    Ok(())
}

/// Names what a mail with the operator's credentials does not show: whether the worker's role may send it.
fn untested(from: &str) -> String {
    let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
    format!(
        "Your own credentials sent it: the right of MailWorkerRole was not tested. That right names one identity. If \
         {domain} is verified in SES and {from} is not an identity of its own, deploy with MailIdentity={domain}; \
         otherwise mails fail with AccessDeniedException."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_left_says_what_it_did_not_test_and_when_the_domain_is_the_identity() {
        let text = untested("privacy@example.org");
        for part in
            ["MailWorkerRole was not tested", "MailIdentity=example.org", "privacy@example.org is not"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
