//! The text that a person sees when the stack is up: all that the runner writes to standard output.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use crate::options::Options;
use crate::seed::Seeded;
use crate::stack::Stack;

/// Prints addresses, the tenants with their keys, and commands to try.
pub(crate) fn print(stack: &Stack, options: &Options, took: Duration) {
    // Whoever closed the pipe has read what they wanted; the stack goes on.
    std::io::stdout().write_all(text(stack, options, took).as_bytes()).ok();
    std::io::stdout().flush().ok();
}

fn text(stack: &Stack, options: &Options, took: Duration) -> String {
    let wiring = stack.wiring();
    let kept =
        if options.ephemeral { "in memory".to_owned() } else { format!("in {}", options.data.display()) };
    let mut tenants = String::new();
    for Seeded { tenant, name, api_key } in [stack.seeded()].into_iter().chain(stack.others()) {
        writeln!(tenants, "  tenant   {tenant}   {name}\n  api key  {api_key}").ok();
    }
    for (word, addresses) in [("return", &options.return_urls), ("origin", &options.origins)] {
        for address in addresses {
            writeln!(tenants, "  {word:8} {address}   ← yours, for every tenant above").ok();
        }
    }
    // Whoever named a tenant goes on as that one.
    let named = options.tenants.first().and_then(|name| stack.others().iter().find(|one| one.name == *name));
    format!(
        "Mooring is up after {took} ms; state is kept {kept}. Ctrl-C ends it.\n\n\
         \x20 demo     {demo}   ← open this\n\
         \x20 return   {demo}/returned   ← the quickstart's return URL\n\
         \x20 api      {api}\n\
         \x20 sandbox  {sandbox}/_sandbox/\n\
         \x20 mailbox  {mailbox}\n\
         {tenants}\n\
         Try:\n\
         \x20 export KEY={key}\n\
         \x20 curl -s {api}/v1/connections -H \"Authorization: Bearer $KEY\"\n\
         \x20 curl -s {api}/openapi.json\n\
         \x20 cargo run -- tour\n",
        took = took.as_millis(),
        demo = stack.demo_origin(),
        api = wiring.api_origin,
        sandbox = wiring.authorize_origin,
        mailbox = stack.mailbox(),
        key = named.unwrap_or_else(|| stack.seeded()).api_key,
    )
}

/// Says on standard error that Ctrl-C was heard.
#[expect(clippy::print_stderr, reason = "a person pressed Ctrl-C and wants to know that it is heard")]
pub(crate) fn stopping() {
    eprintln!("\nStopping; what is under way is finished and state is saved.");
}
