//! The text that a person sees when the stack is up.

use std::time::Duration;

use crate::options::Options;
use crate::seed::Seeded;
use crate::stack::Stack;

/// Prints addresses, the seeded tenant and three commands to try.
#[expect(clippy::print_stdout, reason = "the addresses are what a person starts this for")]
pub(crate) fn print(stack: &Stack, options: &Options, others: &[Seeded], took: Duration) {
    let wiring = stack.wiring();
    let seeded = stack.seeded();
    let kept =
        if options.ephemeral { "in memory".to_owned() } else { format!("in {}", options.data.display()) };
    println!("Mooring is up after {} ms; state is kept {kept}. Ctrl-C ends it.\n", took.as_millis());
    println!("  demo     {}   ← open this", stack.demo_origin());
    println!("  return   {}/returned   ← the quickstart's return URL", stack.demo_origin());
    println!("  api      {}", wiring.api_origin);
    println!("  sandbox  {}/_sandbox/", wiring.authorize_origin);
    println!("  mailbox  {}", stack.mailbox());
    for one in [seeded].into_iter().chain(others) {
        println!("  tenant   {}   {}\n  api key  {}", one.tenant, one.name, one.api_key);
    }
    println!();
    println!("Try:");
    println!("  export KEY={}", seeded.api_key);
    println!("  curl -s {}/v1/connections -H \"Authorization: Bearer $KEY\"", wiring.api_origin);
    println!("  curl -s {}/openapi.json", wiring.api_origin);
    println!("  cargo run -- tour");
}

/// Says that Ctrl-C was heard.
#[expect(clippy::print_stdout, reason = "a person pressed Ctrl-C and wants to know that it is heard")]
pub(crate) fn stopping() {
    println!("\nStopping; what is under way is finished and state is saved.");
}
