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
use mooring_domain::platform::capabilities::Connector;

/// The capability that a connector must have for a rule to apply.
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
    R1 OAuth oauth::authorize_url_carries_state_and_exact_redirect;
    R2 OAuth oauth::code_is_redeemed_once_and_never_retried;
    R3 OAuth oauth::grant_says_what_the_answer_said;
    R4 OAuth oauth::parent_scope_grants_its_children;
    R5 OAuth oauth::identity_is_the_same_each_time;
    R6 OAuth oauth::revoking_kills_and_a_dead_token_counts_as_killed;
    R7 OAuth oauth::failed_revocation_is_left_to_the_caller;
    R8 Accounts facts::accounts_have_currency_and_zone;
    R9 Accounts facts::unusable_account_leaves_the_others;
    R10 OAuth calls::call_outside_the_profile_never_leaves;
    R11 OAuth calls::profile_of_another_platform_is_refused;
    R12 Reports calls::only_calls_of_the_manifest_leave;
    R13 Reports calls::calls_keep_the_pace;
    R14 Reports calls::cancelling_does_no_harm;
    R15 OAuth calls::manifest_holds_together;
    R16 OAuth calls::profiles_fit_the_manifest;
    R17 Reports calls::call_that_is_held_back_never_leaves;
    R18 Accounts facts::accounts_read_in_time_are_given;
    R19 Accounts facts::batch_that_nobody_understands_leaves_the_others;
    R20 Reports failures::dead_grant_is_reauthorise_and_never_retried;
    R21 Reports failures::throttling_is_rate_limited_and_waited_for;
    R22 Reports failures::server_errors_are_retried_then_exhausted;
    R23 Reports failures::refused_requests_are_not_retried;
    R24 Reports failures::changed_answer_names_the_path_not_the_body;
    R25 Reports failures::broken_answer_is_tried_again;
    R26 Reports failures::redirects_are_not_followed;
    R27 Reports failures::silence_ends_in_a_timeout;
    R28 Reports failures::oversized_answer_is_refused;
    R29 Reports failures::lost_account_is_not_permitted;
    R30 Reports failures::too_large_question_asks_for_less;
    R31 OAuth secrets::no_secret_shows_anywhere;
    R32 OAuth failures::fault_of_our_set_up_is_setup;
    R33 Reports failures::code_survives_what_is_odd_beside_it;
    R40 Structure pages::paging_ends_and_repeats_nothing;
    R41 Reports pages::empty_page_does_not_end_the_list;
    R42 Reports pages::answer_to_another_page_is_refused;
    R43 Reports pages::page_and_window_limits_are_kept;
    R44 Reports pages::page_that_is_not_full_is_the_last_without_a_count;
    R50 Reports facts::money_and_counts_are_exact;
    R51 Reports facts::unreported_is_not_zero;
    R52 Reports facts::days_are_the_accounts_own;
    R53 Reports facts::levels_add_up_with_what_was_deleted;
    R54 Structure facts::structure_names_whatever_reports_mention;
    R55 Structure facts::unknown_words_and_fields_pass;
    R56 Structure facts::ids_survive_as_text;
    R57 Reports facts::odd_row_costs_its_day_and_leaves_the_others;
    R58 Reports facts::what_is_not_offered_is_named_and_the_rest_is_read;
}

/// Lists the trials of one platform.
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
