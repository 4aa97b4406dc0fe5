//! The smoke test of mail, through the SDK, against the local work-alike of SES.

use mooring_aws_local::{AwsLocal, LocalClock, Options, sdk_config};
use mooring_xtask::mail::check;

#[tokio::test]
async fn a_mail_from_the_set_up_arrives_or_says_what_to_do() {
    let options = Options::in_memory(LocalClock::new(1));
    let aws = AwsLocal::start(options).await.unwrap();
    let config = sdk_config(&aws.endpoints().ses);
    check(&config, "privacy@example.org", "operator@example.org").await.unwrap();
    let mails = aws.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["operator@example.org"]);

    let wrong = check(&config, "example.org", "operator@example.org").await.unwrap_err().to_string();
    assert!(wrong.contains("--from"), "{wrong}");
    assert_eq!(aws.mails().len(), 1, "nothing is sent from no address");

    let nobody = sdk_config("http://127.0.0.1:9");
    let refused = check(&nobody, "privacy@example.org", "operator@example.org").await.unwrap_err();
    let told = format!("{refused:#}");
    assert!(told.contains("AWS credentials") && !told.contains("operator@"), "{told}");
}
