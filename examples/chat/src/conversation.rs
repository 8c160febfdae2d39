//! A conversation with a model.

use crate::{Decoder, LanguageModel, Message, Pretrained, Texts};
use anyhow::{Context, ensure};
use congruent::backend::Backend;
use congruent::generate::{Event, Finish, Generation, Proposer, Request, Sampler, Sampling, Session, TextStream};
use congruent::prelude::*;
use std::io;
use std::time::{Duration, Instant};

/// How answers are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Where the random numbers begin.
    pub seed: u64,
    /// The most tokens of an answer.
    pub max_tokens: usize,
    /// Strings that end an answer and are no part of it.
    pub stop: Vec<String>,
    /// What the model is told before anything else, in place of what its template says.
    pub system: Option<String>,
    /// Goes on with the text as it is, without a template.
    pub raw: bool,
}

/// An answer, and what it took.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The text, without what ended it.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// How many tokens it has.
    pub tokens: usize,
    /// What was read before: the tokens that the model had not seen. Its time is that to the first token of the answer.
    pub prompt: Timed,
    /// The tokens after the first, and the one that ended the answer.
    pub generation: Timed,
}

/// A number of tokens, and how long the model took for them.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timed {
    pub tokens: usize,
    pub time: Duration,
}

impl Timed {
    /// Tokens per second; none of no tokens.
    pub fn rate(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.tokens as f64 / self.time.as_secs_f64().max(1e-9))
    }
}

/// A conversation, of which the model reads each token once.
pub struct Conversation<'m, V, D: Decoder<B>, B: Backend<Elem = f32> = Cpu<f32>> {
    pretrained: &'m Pretrained,
    options: Options,
    messages: Vec<Message>,
    texts: Texts<'m, V, D, N<1>, B>,
    /// The conversation as it was given to the model and as the model went on.
    text: String,
    /// Its tokens: what the model has read is their beginning. After a reset they are still those from before.
    ids: Vec<Index<V>>,
    /// What proposes tokens, and how many at a time.
    proposer: Option<(Box<dyn Proposer<V> + 'm>, usize)>,
}

impl<'m, V: Dense, D: Decoder<B>, B: Backend<Elem = f32>> Conversation<'m, V, D, B> {
    /// An empty conversation.
    ///
    /// # Errors
    /// The model brings no template along, and the text is not raw; an option is out of its range.
    pub fn new(
        pretrained: &'m Pretrained,
        model: &'m LanguageModel<V, D, B>,
        options: Options,
    ) -> anyhow::Result<Self> {
        let asks = options.raw || pretrained.template.is_some();
        ensure!(asks, "the model brings no chat template along: it can only go on with a raw text");
        ensure!(!(options.raw && options.system.is_some()), "a raw text has no system prompt");
        Sampler::new(options.sampling, options.seed)?;
        TextStream::new(&options.stop)?;
        let mut conversation = Conversation {
            pretrained,
            options,
            messages: Vec::new(),
            texts: Texts::new(model, N),
            text: String::new(),
            ids: Vec::new(),
            proposer: None,
        };
        conversation.reset();
        Ok(conversation)
    }

    /// The same with up to so many tokens that are proposed at a time, which the model checks: the answers are its own, and faster if
    /// many are right.
    pub fn with_proposer(self, proposer: Box<dyn Proposer<V> + 'm>, most: usize) -> Self {
        Conversation { proposer: Some((proposer, most)), ..self }
    }

    /// Begins anew. What both conversations begin with, such as the system prompt, is not read again.
    pub fn reset(&mut self) {
        let system = self.options.system.iter();
        self.messages = system.map(|content| Message { role: "system", content: content.clone() }).collect();
        self.text.clear();
    }

    /// What was said so far, with the system prompt if it was given.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The tokens of what was said so far, as the template writes it.
    pub fn ids(&self) -> &[Index<V>] {
        if self.text.is_empty() { &[] } else { &self.ids }
    }

    /// How many tokens a conversation can have.
    pub fn context(&self) -> usize {
        self.texts.context()
    }

    /// Asks, and gives the answer to `write` as it comes.
    ///
    /// # Errors
    /// The context has no room for the question; what `write` finds wrong. The question is then as if it had not been asked.
    pub fn ask(&mut self, question: &str, write: impl FnMut(&str) -> io::Result<()>) -> anyhow::Result<Answer> {
        let before = self.messages.len();
        self.messages.push(Message { role: "user", content: question.to_owned() });
        let answer = self.prompt(question).and_then(|(text, prompt)| self.go_on(text, prompt, write));
        match &answer {
            Ok(answer) => self.messages.push(Message { role: "assistant", content: answer.text.clone() }),
            Err(_) => self.messages.truncate(before),
        }
        answer
    }

    /// The whole text up to where the model speaks, and its tokens.
    fn prompt(&self, question: &str) -> anyhow::Result<(String, Vec<Index<V>>)> {
        let Pretrained { tokenizer, template, begin, .. } = self.pretrained;
        let text = match template {
            Some(template) if !self.options.raw => template.apply(&self.messages)?,
            _ => format!("{}{question}", self.text),
        };
        let ids = match text.strip_prefix(self.text.as_str()) {
            // What the model generated stays as it did: its tokens may be others than those of its text.
            Some(added) if !self.text.is_empty() => {
                [self.ids.clone(), self.indices(&tokenizer.encode(added)?)?].concat()
            }
            _ => {
                let begin = if self.options.raw { &begin[..] } else { &[] };
                self.indices(&[begin, &tokenizer.encode(&text)?].concat())?
            }
        };
        ensure!(!ids.is_empty(), "there is no text to go on with");
        let (length, context) = (ids.len(), self.context());
        ensure!(
            length < context,
            "the context is full: it has room for {context} tokens, and with this question there are {length}"
        );
        Ok((text, ids))
    }

    fn indices(&self, ids: &[u32]) -> anyhow::Result<Vec<Index<V>>> {
        let ids = ids.iter().map(|id| Index::new(self.texts.vocab(), *id)).collect::<Result<_, _>>();
        ids.context("a token of the tokenizer is none of the model")
    }

    fn go_on(
        &mut self,
        text: String,
        prompt: Vec<Index<V>>,
        mut write: impl FnMut(&str) -> io::Result<()>,
    ) -> anyhow::Result<Answer> {
        let Pretrained { tokenizer, end, .. } = self.pretrained;
        // Where the template changed what was there before, the model reads it anew from there on.
        let same = self.ids.iter().zip(&prompt).take_while(|(before, now)| before == now).count();
        self.texts.truncate(same.min(prompt.len() - 1))?;
        let (begin, read) = (prompt.len(), self.texts.length(0));
        (self.text, self.ids) = (text, prompt.clone());

        let ends = self.indices(end)?;
        let turn = self.messages.len() as u64;
        let request = Request {
            prompt,
            sampler: Sampler::new(self.options.sampling, self.options.seed.wrapping_add(turn))?,
            end: ends,
            maximum: self.options.max_tokens,
        };
        let mut answer = String::new();
        let mut say = |piece: String| {
            answer.push_str(&piece);
            if piece.is_empty() { Ok(()) } else { write(&piece) }
        };
        let (start, mut first, mut steps) = (Instant::now(), None, 0);
        let mut generation = Generation::new(&mut self.texts, vec![request])?;
        if let Some((proposer, most)) = &mut self.proposer {
            generation = generation.speculating(proposer, *most);
        }
        let mut speak = || -> anyhow::Result<Finish> {
            let mut stream = TextStream::new(&self.options.stop)?;
            let mut finish = Finish::Stopped;
            while let Some(event) = generation.next() {
                let event = event?;
                first.get_or_insert_with(|| start.elapsed());
                match event {
                    Event::Token { id, .. } => {
                        steps += 1;
                        say(stream.push(&tokenizer.bytes(id.get())))?;
                        if stream.stopped().is_some() {
                            generation.stop(0);
                        }
                    }
                    Event::Finished { finish: why, .. } => finish = why,
                }
            }
            say(stream.finish())?;
            Ok(finish)
        };
        let finish = speak();
        let time = start.elapsed();
        self.ids = generation.ids(0).to_vec();
        let generated: Vec<u32> = self.ids[begin..].iter().map(|id| id.get()).collect();
        self.text.push_str(&tokenizer.decode(&generated));
        let finish = finish?;
        // The end is a token as well.
        steps += usize::from(finish == Finish::End);
        let first = first.unwrap_or(time);
        Ok(Answer {
            text: answer,
            tokens: generated.len(),
            finish,
            prompt: Timed { tokens: begin - read, time: first },
            generation: Timed { tokens: steps.saturating_sub(1), time: time - first },
        })
    }
}
