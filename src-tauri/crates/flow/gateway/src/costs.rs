//! `gateway.cost`, `gateway.export_costs` and `gateway.analyze_tokens`: money and tokens.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::operation::{Bytes, MediaType};
use studio_core::units::MicroUsd;
use studio_core::{Error, JobContext, Operation, csv};
use studio_llm::chat::ChatRequest;
use studio_llm::tokens::TokenCount;
use studio_store::{GroupBy, LedgerEntry, Limits, Scope, Total};

use crate::gateway::{Gateway, output_limit, request_or_text, unknown_model};

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let with = || gateway.clone();
    vec![
        Operation::define(
            "gateway.cost",
            "Report costs",
            "Sums what models cost: today, this month, by day, model, project and key, and what the budgets leave.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Since| report(&gateway, input.days)
        }),
        Operation::define(
            "gateway.export_costs",
            "Export costs",
            "Answers every entry of the cost ledger as CSV.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Since| {
                gateway.flush();
                let entries = gateway.home.ledger().entries(&day(input.days)?)?;
                Ok(Bytes::<Csv>::new(ledger(&entries).into_bytes()))
            }
        }),
        Operation::define(
            "gateway.analyze_tokens",
            "Count tokens",
            "Counts the tokens of a text or a conversation for a model, and what asking it costs at most.",
        )
        .positional("text")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input: Analyze| analyze(&gateway, input)
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Since {
    /// How many days back the report goes, today included.
    #[serde(default = "thirty")]
    #[schemars(range(min = 1, max = 3660))]
    days: u32,
}

fn thirty() -> u32 {
    30
}

/// Sums of what was spent and set aside.
#[derive(Serialize, JsonSchema)]
struct CostReport {
    today: MicroUsd,
    this_month: MicroUsd,
    budgets: Vec<BudgetState>,
    by_day: Vec<Total>,
    by_model: Vec<Total>,
    by_project: Vec<Total>,
    /// By the id of the API key; empty for the owner's own.
    by_key: Vec<Total>,
}

/// One limit and how far it is used.
#[derive(Serialize, JsonSchema)]
struct BudgetState {
    scope: Scope,
    /// The day, the month, the project or the key's id.
    name: String,
    taken: MicroUsd,
    limit: MicroUsd,
    /// From here on, answers carry a warning.
    warn_at: MicroUsd,
}

fn report(gateway: &Gateway, days: u32) -> Result<CostReport, Error> {
    gateway.flush();
    let ledger = gateway.home.ledger();
    let now = Timestamp::now().to_string();
    let (today, month) = (&now[..10], &now[..7]);
    let settings = gateway.settings.current();
    let limits = Limits::of(&settings.budget);
    let since = day(days)?;
    let keys = gateway.home.api_keys().list()?;
    let by_project = ledger.totals(GroupBy::Project, &since)?;
    let mut scopes = vec![(Scope::Day, today.to_owned(), limits.day)];
    scopes.extend(
        limits
            .month
            .map(|limit| (Scope::Month, month.to_owned(), limit)),
    );
    if let Some(limit) = limits.project {
        let named = by_project.iter().filter(|total| !total.name.is_empty());
        scopes.extend(named.map(|total| (Scope::Project, total.name.clone(), limit)));
    }
    let by_key = ledger.totals(GroupBy::Key, &since)?;
    for total in by_key.iter().filter(|total| !total.name.is_empty()) {
        let own = keys.iter().find(|key| key.id == total.name);
        let limit = own.and_then(|key| key.budget).or(limits.key);
        scopes.extend(limit.map(|limit| (Scope::Key, total.name.clone(), limit)));
    }
    let state = |(scope, name, limit): (Scope, String, MicroUsd)| -> Result<BudgetState, Error> {
        Ok(BudgetState {
            scope,
            taken: ledger.taken(scope, &name)?,
            name,
            limit,
            warn_at: MicroUsd(limit.0 / 100 * i64::from(settings.budget.warn_percent)),
        })
    };
    Ok(CostReport {
        today: ledger.taken(Scope::Day, today)?,
        this_month: ledger.taken(Scope::Month, month)?,
        budgets: scopes.into_iter().map(state).collect::<Result<_, _>>()?,
        by_day: ledger.totals(GroupBy::Day, &since)?,
        by_model: ledger.totals(GroupBy::Model, &since)?,
        by_project,
        by_key,
    })
}

impl Gateway {
    /// Money and tokens by model, of all time.
    pub fn totals_by_model(&self) -> Result<Vec<Total>, Error> {
        Ok(self.home.ledger().totals(GroupBy::Model, "")?)
    }
}

/// The first day of a report over `days` days that ends today (UTC).
fn day(days: u32) -> Result<String, Error> {
    let back = (24 * i64::from(days.saturating_sub(1))).hours();
    let first = Timestamp::now().checked_sub(back).map_err(|error| {
        Error::bad_input(format!("{days} days back is no date: {error}")).field("/days")
    })?;
    Ok(first.to_string()[..10].to_owned())
}

struct Csv;

impl MediaType for Csv {
    const NAME: &'static str = "text/csv";
}

/// The ledger as RFC 4180 wants it, dollars with all six decimals.
fn ledger(entries: &[LedgerEntry]) -> String {
    let mut out = String::from(
        "time,operation,project,purpose,model,key,reserved_usd,spent_usd,input_tokens,cached_tokens,cache_write_tokens,output_tokens,reasoning_tokens\r\n",
    );
    for entry in entries {
        let usd = |amount: MicroUsd| amount.to_string().replace('$', "");
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let tokens = |pick: fn(&studio_llm::chat::Usage) -> u64| {
            entry
                .usage
                .as_ref()
                .map_or(String::new(), |usage| pick(usage).to_string())
        };
        let fields = [
            entry.at.clone(),
            entry.operation.clone(),
            text(&entry.project),
            entry.purpose.clone(),
            text(&entry.model),
            text(&entry.key),
            usd(entry.reserved),
            entry.spent.map_or(String::new(), usd),
            tokens(|usage| usage.input_tokens),
            tokens(|usage| usage.cached_tokens),
            tokens(|usage| usage.cache_write_tokens),
            tokens(|usage| usage.output_tokens),
            tokens(|usage| usage.reasoning_tokens),
        ];
        out.push_str(&csv::line(fields));
    }
    out
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Analyze {
    /// A text, as one message.
    #[serde(default)]
    text: Option<String>,
    /// A whole request, instead of a text.
    #[serde(default)]
    request: Option<ChatRequest>,
    /// A model by id.
    model: String,
}

#[derive(Serialize, JsonSchema)]
struct Analysis {
    model: String,
    tokens: TokenCount,
    /// Tokens as the model will probably count them, from what it reported before.
    expected_tokens: u64,
    context_tokens: u64,
    /// Most tokens of the answer.
    output_tokens: u64,
    /// The most that it can cost; absent where nobody knows the price.
    most_cost: Option<MicroUsd>,
    /// The day of the price list.
    price_as_of: Option<String>,
}

fn analyze(gateway: &Gateway, input: Analyze) -> Result<Analysis, Error> {
    let request = request_or_text(input.request, input.text)?;
    let catalog = gateway.lists.catalog();
    let model = catalog
        .model(&input.model)
        .ok_or_else(|| unknown_model(&input.model))?;
    let rates = catalog.rates(model);
    let counted = gateway.counter.count(model.encoding, &request);
    let is_free = rates == Some(studio_llm::pricing::Rates::FREE);
    let output_tokens = output_limit(model, is_free, request.max_tokens);
    let most_tokens = gateway.most_input_tokens(model, &counted);
    let exactly = gateway.count_exactly(model, &request);
    Ok(Analysis {
        model: model.id.clone(),
        tokens: exactly.unwrap_or(counted.tokens),
        expected_tokens: exactly.map_or_else(
            || gateway.expected_input_tokens(model, &counted),
            |exactly| exactly.total,
        ),
        context_tokens: model.context_tokens,
        output_tokens,
        most_cost: rates.map(|rates| rates.most(most_tokens, output_tokens)),
        price_as_of: catalog.price(&model.id).map(|price| price.as_of.clone()),
    })
}
