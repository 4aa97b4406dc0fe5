//! The tour: the whole way in a terminal, unattended, and the dead man's switch at its end.

mod ending;
mod reading;
pub mod screen;

use std::time::Instant;

use anyhow::Result;
use mooring_aws_local::LocalClock;

use crate::options::Options;
use crate::person::Person;
use crate::product::Product;
use crate::stack::Stack;
use screen::{done, heading, say};

/// Plays everything once and stops.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let started = Instant::now();
    heading("Mooring: a tour");
    let stack = Stack::start(options.stack(LocalClock::new(1), None)).await?;
    stack.run().await?;
    done(&format!(
        "API, sandbox, DynamoDB, KMS, SQS and SES answer on loopback after {} ms",
        started.elapsed().as_millis()
    ));

    let product = stack.product()?;
    heading("Connect");
    let connected = connect(&product, "tour-anna").await?;
    done(&format!("connection {} with {} ad accounts", connected.id, connected.accounts.len()));

    heading("Sync: 90 days, 4 levels");
    reading::watch_sync(&product, &connected).await?;

    heading("Report");
    reading::show_report(&product, &connected).await?;

    heading("Disconnect");
    ending::disconnect(&stack, &product, &connected).await?;

    heading("The dead man's switch");
    ending::dead_man(&stack, &product).await?;

    stack.stop().await?;
    say(&format!("\nDone in {:.1} s.", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Plays the person: our page, the platform's consent, the choice of accounts.
async fn connect(product: &Product, end_user: &str) -> Result<crate::product::Connected> {
    let mut person = Person::new()?;
    let back = product.connect_until_return(&mut person, end_user, None).await?;
    done("the person agreed on our page and at the platform, and chose accounts");
    let connected = product.activate(&back, end_user).await?;
    done("the product activated the connection with its one-time code");
    Ok(connected)
}
