//! SES: a mail that the SDK sends is in the mailbox.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use mooring_aws_local::AwsLocal;

use crate::support::{memory, ses};

pub(crate) async fn send(ses: &Client, subject: &str, text: &str) -> String {
    let content = |data: &str| Content::builder().data(data).build().unwrap();
    let message = Message::builder()
        .subject(content(subject))
        .body(Body::builder().text(content(text)).build())
        .build();
    let sent = ses.send_email().from_email_address("Harbour <no-reply@example.org>");
    let sent = sent.destination(Destination::builder().to_addresses("owner@example.com").build());
    let sent = sent.content(EmailContent::builder().simple(message).build()).send().await.unwrap();
    sent.message_id.unwrap()
}

async fn get(aws: &AwsLocal, path: &str) -> String {
    let url = format!("{}{path}", aws.endpoints().ses);
    reqwest::get(url).await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_sent_mail_is_in_the_mailbox() {
    let aws = memory(1).await;
    assert!(get(&aws, "/mailbox").await.contains("No mail yet."));
    let text = "Confirm here (https://example.org/d/abc?x=1&y=2).\n<script>alert(1)</script>";
    let id = send(&ses(&aws), "Deletion <asked>", text).await;

    let mails = aws.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].id.as_str(), mails[0].text.as_str()), (id.as_str(), text));
    assert_eq!(mails[0].to, ["owner@example.com"]);

    let page = get(&aws, "/mailbox").await;
    let url = "https://example.org/d/abc?x=1&amp;y=2";
    assert!(page.contains(&format!(r#"(<a href="{url}" rel="noreferrer">{url}</a>)."#)), "{page}");
    assert!(page.contains("Deletion &lt;asked&gt;") && !page.contains("<script"));
    assert!(get(&aws, "/mailbox.json").await.contains(&id));
}

#[tokio::test]
async fn a_mail_without_recipient_is_refused() {
    let aws = memory(1).await;
    let refused = ses(&aws).send_email().from_email_address("a@example.org").send().await.unwrap_err();
    assert!(refused.into_service_error().is_bad_request_exception());
    assert!(aws.mails().is_empty());
}
