//! A conversation as the text that the model was trained on.

use anyhow::Context;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, Value, context};

/// What one side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: &'static str,
    /// The text.
    pub content: String,
}

/// The chat template of a model.
pub struct Template {
    environment: Environment<'static>,
    /// The texts of the tokens that begin and end a sequence, which templates may use.
    tokens: (String, String),
}

const NAME: &str = "chat";
/// How many instructions a template may run. Those of models take some hundred for each message.
const FUEL: u64 = 10_000_000;

impl Template {
    /// A template as models bring it along, written in Jinja.
    pub fn new(source: &str, begin: &str, end: &str) -> anyhow::Result<Self> {
        let mut environment = Environment::new();
        // As Hugging Face sets up Jinja for such templates.
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_function("raise_exception", |message: String| -> Result<String, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        // A template comes from a stranger, and could run for ever.
        environment.set_fuel(Some(FUEL));
        environment.add_template_owned(NAME, source.to_owned()).context("the chat template of the model")?;
        Ok(Template { environment, tokens: (begin.to_owned(), end.to_owned()) })
    }

    /// The conversation, up to where the assistant speaks.
    pub fn apply(&self, messages: &[Message]) -> anyhow::Result<String> {
        let (bos_token, eos_token) = &self.tokens;
        let messages = messages.iter().map(|Message { role, content }| context! { role => *role, content });
        let messages: Vec<Value> = messages.collect();
        let template = self.environment.get_template(NAME)?;
        let text = template.render(context! { messages, bos_token, eos_token, add_generation_prompt => true });
        text.context("the chat template of the model")
    }
}
