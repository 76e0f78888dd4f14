//! Asking a person before something is taken away, paid or opened.
//!
//! A client that can ask its user is made to (elicitation); any other client gets a refusal that says
//! how the person who starts the server can allow the operation beforehand. Nothing that a model
//! writes counts as consent: no argument of a tool, only the client's answer to our question.
//!
//! Up to revision 2025-11-25 the question is a request to the client. From 2026-07-28 on it is the
//! result of the call, and the client calls again with the answer. What was asked is remembered here
//! under a random name, once: an answer holds for the very call that it was given for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rmcp::model::{
    BooleanSchema, CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult,
    ElicitationAction, ElicitationSchema, InputRequest, InputRequiredResult,
    PrimitiveSchemaDefinition, ProtocolVersion,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;
use studio_core::{Error, ErrorCode, Operation, Registry};

/// How long a person may think.
const PATIENCE: Duration = Duration::from_secs(600);
/// Questions that may be open at once; the oldest makes room.
const MOST_OPEN: usize = 32;
/// How much of an input a question shows, in characters.
const SHOWN_INPUT: usize = 1_000;
/// Name of the one field of the question, and of the question among a call's.
const FIELD: &str = "allow";

/// What whoever started the server allows without being asked.
#[derive(Clone, Debug, Default)]
pub struct Approvals {
    everything: bool,
    destructive: bool,
    spending: bool,
    operations: BTreeSet<String>,
}

impl Approvals {
    /// `words` are `all`, `destructive`, `spending`, and names of operations.
    pub fn new<'a>(
        words: impl IntoIterator<Item = &'a str>,
        registry: &Registry,
    ) -> Result<Approvals, Error> {
        let mut approvals = Approvals::default();
        for word in words {
            match word {
                "all" => approvals.everything = true,
                "destructive" => approvals.destructive = true,
                "spending" => approvals.spending = true,
                name => {
                    let operation = registry.get(name)?;
                    approvals.operations.insert(operation.name.to_owned());
                }
            }
        }
        Ok(approvals)
    }

    /// Every reason to ask must be allowed.
    fn cover(&self, operation: &Operation) -> bool {
        let traits = operation.traits;
        let kinds = !traits.approval
            && (!traits.destroys || self.destructive)
            && (!traits.spends || self.spending);
        self.everything || kinds || self.operations.contains(operation.name)
    }
}

/// Whether a call may run.
pub(super) enum Consent {
    Given,
    /// The client must ask its user and call again.
    Ask(Box<InputRequiredResult>),
}

/// The questions of one server.
#[derive(Default)]
pub(super) struct Consents {
    approvals: Approvals,
    open: Mutex<VecDeque<Question>>,
}

/// A call that waits for its answer.
struct Question {
    state: String,
    operation: &'static str,
    input: Value,
    asked: Instant,
}

impl Consents {
    pub(super) fn new(approvals: Approvals) -> Consents {
        Consents {
            approvals,
            open: Mutex::default(),
        }
    }

    /// Asks whoever must be asked before `operation` runs on `input`; `Err` is the refusal.
    pub(super) async fn of(
        &self,
        operation: &Operation,
        input: &Value,
        call: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Consent, Error> {
        if !operation.needs_consent(input) || self.approvals.cover(operation) {
            return Ok(Consent::Given);
        }
        if !can_ask(context) {
            return Err(cannot_ask(operation));
        }
        let is_stateless = context
            .protocol_version()
            .is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        if !is_stateless {
            return ask_now(operation, input, context).await;
        }
        let answer = call.input_responses.as_ref().and_then(|all| all.get(FIELD));
        match (answer, &call.request_state) {
            (Some(answer), Some(state)) if self.close(state, operation, input) => {
                let answer = serde_json::from_value(answer.clone())
                    .map_err(|error| Error::bad_input(format!("the answer is not one: {error}")))?;
                judge(operation, &answer).map(|()| Consent::Given)
            }
            // Not asked yet, asked for another call, or too long ago.
            _ => Ok(Consent::Ask(Box::new(self.ask_later(operation, input)))),
        }
    }

    fn ask_later(&self, operation: &Operation, input: &Value) -> InputRequiredResult {
        let question = Question {
            state: uuid::Uuid::new_v4().simple().to_string(),
            operation: operation.name,
            input: input.clone(),
            asked: Instant::now(),
        };
        let state = question.state.clone();
        let mut open = self.open.lock();
        open.retain(|question| question.asked.elapsed() < PATIENCE);
        while open.len() >= MOST_OPEN {
            open.pop_front();
        }
        open.push_back(question);
        let request = InputRequest::Elicitation(ElicitRequest::new(form(operation, input)));
        let requests = BTreeMap::from([(FIELD.to_owned(), request)]);
        InputRequiredResult::new(Some(requests), Some(state))
    }

    /// Whether `state` was handed out for this very call; it does not hold a second time.
    fn close(&self, state: &str, operation: &Operation, input: &Value) -> bool {
        let mut open = self.open.lock();
        let Some(at) = open.iter().position(|question| question.state == state) else {
            return false;
        };
        open.remove(at).is_some_and(|question| {
            question.operation == operation.name
                && question.input == *input
                && question.asked.elapsed() < PATIENCE
        })
    }
}

async fn ask_now(
    operation: &Operation,
    input: &Value,
    context: &RequestContext<RoleServer>,
) -> Result<Consent, Error> {
    let answer = tokio::select! {
        answer = context.peer.create_elicitation_with_timeout(form(operation, input), Some(PATIENCE)) => answer,
        () = context.ct.cancelled() => return Err(Error::cancelled()),
    };
    let answer = answer.map_err(|error| {
        let message = format!(
            "`{}` was not run: nobody answered ({error})",
            operation.name
        );
        Error::new(ErrorCode::Refused, message)
    })?;
    judge(operation, &answer).map(|()| Consent::Given)
}

/// Only an accepted form with the box ticked is a yes.
fn judge(operation: &Operation, answer: &ElicitResult) -> Result<(), Error> {
    let ticked = answer
        .content
        .as_ref()
        .is_some_and(|content| content[FIELD] == true);
    if matches!(answer.action, ElicitationAction::Accept) && ticked {
        return Ok(());
    }
    let message = format!("the user did not allow `{}`", operation.name);
    Err(Error::new(ErrorCode::Refused, message)
        .hint("do not try again unless the user asks for it"))
}

/// Clients that name no mode take forms: the first revision with elicitation had nothing else.
fn can_ask(context: &RequestContext<RoleServer>) -> bool {
    context
        .client_capabilities()
        .and_then(|capabilities| capabilities.elicitation)
        .is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
}

fn cannot_ask(operation: &Operation) -> Error {
    let name = operation.name;
    let message = format!(
        "`{name}` {}: a person must agree, and this client cannot ask one",
        reasons(operation)
    );
    Error::new(ErrorCode::Refused, message).hint(format!(
        "whoever starts the server can allow it with `--approve {name}`; or use a client with elicitation"
    ))
}

fn form(operation: &Operation, input: &Value) -> ElicitRequestParams {
    let text = input.to_string();
    let mut shown: String = text.chars().take(SHOWN_INPUT).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let message = format!(
        "{} ({}): {} It {}. Input: {shown}",
        operation.title,
        operation.name,
        operation.summary,
        reasons(operation),
    );
    let tick = BooleanSchema::new()
        .title("Allow this once")
        .description(format!("Runs {} on exactly this input.", operation.name));
    let fields = BTreeMap::from([(FIELD.to_owned(), PrimitiveSchemaDefinition::Boolean(tick))]);
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message,
        requested_schema: ElicitationSchema::new(fields).with_required(vec![FIELD.to_owned()]),
    }
}

fn reasons(operation: &Operation) -> String {
    let traits = operation.traits;
    let reasons = [
        (traits.destroys, "takes something away"),
        (traits.spends, "may cost money"),
        (traits.approval, "needs your consent"),
    ];
    let reasons: Vec<&str> = reasons
        .iter()
        .filter_map(|(holds, reason)| holds.then_some(*reason))
        .collect();
    reasons.join(" and ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use studio_core::JobContext;
    use studio_core::operation::Definition;

    use super::*;

    fn operation(traits: fn(Definition) -> Definition) -> Operation {
        traits(Operation::define("a.b", "A", "Does A."))
            .blocking(|_cx: &JobContext, input: Value| Ok(input))
    }

    #[test]
    fn every_reason_to_ask_must_be_allowed() {
        let destroys = operation(|o| o.destroys());
        let both = operation(|o| o.destroys().spends());
        let asks = operation(|o| o.needs_approval());
        let registry = Registry::new([destroys.clone()]).unwrap();
        let approvals = |words: &[&str]| Approvals::new(words.iter().copied(), &registry).unwrap();
        for (words, of_destroys, of_both, of_asks) in [
            (&[][..], false, false, false),
            (&["destructive"], true, false, false),
            (&["spending"], false, false, false),
            (&["destructive", "spending"], true, true, false),
            (&["a.b"], true, true, true),
            (&["all"], true, true, true),
        ] {
            let approvals = approvals(words);
            assert_eq!(approvals.cover(&destroys), of_destroys, "{words:?}");
            assert_eq!(approvals.cover(&both), of_both, "{words:?}");
            assert_eq!(approvals.cover(&asks), of_asks, "{words:?}");
        }
        assert!(
            Approvals::new(["a.c"], &registry).is_err(),
            "a typing error allows nothing"
        );
    }

    #[test]
    fn an_answer_holds_once_and_for_the_call_that_was_asked_about() {
        let operation = operation(|o| o.destroys());
        let consents = Consents::default();
        let ask = |input: &Value| consents.ask_later(&operation, input).request_state.unwrap();
        let (one, two) = (json!({ "n": 1 }), json!({ "n": 2 }));
        let state = ask(&one);
        assert!(!consents.close("made up", &operation, &one));
        assert!(consents.close(&state, &operation, &one));
        assert!(!consents.close(&state, &operation, &one), "a second time");
        let state = ask(&one);
        assert!(!consents.close(&state, &operation, &two), "another input");
        assert!(
            !consents.close(&state, &operation, &one),
            "and it is used up"
        );
        let first = ask(&one);
        for _ in 0..MOST_OPEN {
            ask(&two);
        }
        assert_eq!(consents.open.lock().len(), MOST_OPEN);
        assert!(!consents.close(&first, &operation, &one), "it made room");
    }

    #[test]
    fn only_a_ticked_and_accepted_form_is_a_yes() {
        let operation = operation(|o| o.destroys());
        let answer = |action, content: Value| {
            let answer = ElicitResult::new(action).with_content(content);
            judge(&operation, &answer).is_ok()
        };
        assert!(answer(ElicitationAction::Accept, json!({ "allow": true })));
        assert!(!answer(
            ElicitationAction::Accept,
            json!({ "allow": false })
        ));
        assert!(!answer(
            ElicitationAction::Accept,
            json!({ "allow": "true" })
        ));
        assert!(!answer(ElicitationAction::Accept, json!({})));
        assert!(!answer(
            ElicitationAction::Decline,
            json!({ "allow": true })
        ));
        assert!(!answer(ElicitationAction::Cancel, json!({ "allow": true })));
        assert!(judge(&operation, &ElicitResult::new(ElicitationAction::Accept)).is_err());
    }
}
