//! The rules as trials. A trial is registered only where the connector has the capability.

mod calls;
mod facts;
mod failures;
mod oauth;
mod pages;
mod secrets;

use std::pin::Pin;

use anyhow::Result;
use libtest_mimic::Trial;
use mooring_domain::connector::Connector;

/// What a connector must have for a rule to apply.
#[derive(Clone, Copy)]
enum Needs {
    OAuth,
    Accounts,
    Structure,
    Reports,
}

/// A trial under way.
type Playing = Pin<Box<dyn Future<Output = Result<()>>>>;

/// One rule of the specification.
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    needs: Needs,
    run: fn(&'static str) -> Playing,
}

macro_rules! rules {
    ($($id:ident $needs:ident $module:ident::$name:ident;)*) => {
        /// Every rule that has a trial.
        pub(crate) const RULES: &[Rule] = &[$(Rule {
            id: stringify!($id),
            name: stringify!($name),
            needs: Needs::$needs,
            run: |platform| Box::pin($module::$name(platform)),
        }),*];
    };
}

rules! {
    C1 OAuth oauth::authorize_url_carries_state_and_exact_redirect;
    C2 OAuth oauth::code_is_redeemed_once_and_never_retried;
    C3 OAuth oauth::grant_says_what_the_answer_said;
    C4 OAuth oauth::parent_scope_grants_its_children;
    C5 OAuth oauth::identity_is_the_same_each_time;
    C6 OAuth oauth::revoking_kills_and_a_dead_token_counts_as_killed;
    C7 OAuth oauth::failed_revocation_is_left_to_the_caller;
    C8 Accounts facts::accounts_have_currency_and_zone;
    C10 OAuth calls::call_outside_the_profile_never_leaves;
    C11 OAuth calls::profile_of_another_platform_is_refused;
    C12 Reports calls::only_calls_of_the_manifest_leave;
    C13 Reports calls::calls_keep_the_pace;
    C14 Reports calls::cancelling_does_no_harm;
    C15 OAuth calls::manifest_holds_together;
    C16 OAuth calls::profiles_fit_the_manifest;
    C17 Reports calls::call_that_is_held_back_never_leaves;
    C20 Reports failures::dead_grant_is_reauthorise_and_never_retried;
    C21 Reports failures::throttling_is_rate_limited_and_waited_for;
    C22 Reports failures::server_errors_are_retried_then_exhausted;
    C23 Reports failures::refused_requests_are_not_retried;
    C24 Reports failures::changed_answer_names_the_path_not_the_body;
    C25 Reports failures::broken_answer_is_tried_again;
    C26 Reports failures::redirects_are_not_followed;
    C27 Reports failures::silence_ends_in_a_timeout;
    C28 Reports failures::oversized_answer_is_refused;
    C29 Reports failures::lost_account_is_not_permitted;
    C30 Reports failures::too_large_question_asks_for_less;
    C31 OAuth secrets::no_secret_shows_anywhere;
    C40 Structure pages::paging_ends_and_repeats_nothing;
    C41 Reports pages::empty_page_does_not_end_the_list;
    C42 Reports pages::answer_to_another_page_is_refused;
    C43 Reports pages::page_and_window_limits_are_kept;
    C50 Reports facts::money_and_counts_are_exact;
    C51 Reports facts::unreported_is_not_zero;
    C52 Reports facts::days_are_the_accounts_own;
    C53 Reports facts::levels_add_up_with_what_was_deleted;
    C54 Structure facts::structure_names_whatever_reports_mention;
    C55 Structure facts::unknown_words_and_fields_pass;
    C56 Structure facts::ids_survive_as_text;
}

/// The trials of one platform.
pub(crate) fn trials(connector: &dyn Connector) -> Vec<Trial> {
    let platform = connector.manifest().platform;
    let applies = |needs| match needs {
        Needs::OAuth => true,
        Needs::Accounts => connector.accounts().is_some(),
        Needs::Structure => connector.structure().is_some(),
        Needs::Reports => connector.reports().is_some(),
    };
    let rules = RULES.iter().filter(|rule| applies(rule.needs));
    rules.map(|rule| Trial::test(format!("{platform}::{}", rule.name), || play(rule, platform))).collect()
}

fn play(rule: &'static Rule, platform: &'static str) -> Result<(), libtest_mimic::Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on((rule.run)(platform)).map_err(|error| format!("rule {}: {error:#}", rule.id).into())
}
