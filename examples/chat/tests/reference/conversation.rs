//! Conversations of several turns.

use crate::{Id, model, path};
use chat::{Answer, Conversation, Decoder, Message, Options, Pretrained, Template, Texts};
use congruent::generate::{Draft, Finish, PromptLookup, Proposer, Request, Sampler, Sampling, generate};
use congruent::prelude::*;
use std::io;

fn options() -> Options {
    Options { sampling: Sampling::GREEDY, seed: 0, max_tokens: 24, stop: vec![], system: None, raw: false }
}

fn ask(conversation: &mut Conversation<'_, impl Dense, impl Decoder>, question: &str) -> Answer {
    let mut written = String::new();
    let answer = conversation.ask(question, |text| {
        written.push_str(text);
        Ok(())
    });
    let answer = answer.unwrap();
    assert_eq!(written, answer.text);
    answer
}

fn numbers(ids: &[Id]) -> Vec<u32> {
    ids.iter().map(|id| id.get()).collect()
}

const QUESTIONS: [&str; 3] = ["Name a colour.", "And another one?", "Which is darker?"];

#[test]
fn two_turns_are_the_template_of_the_whole() {
    let Some((pretrained, model)) = model() else { return };
    let mut conversation = Conversation::new(pretrained, model, options()).unwrap();
    for (turn, question) in QUESTIONS.iter().enumerate() {
        let before = conversation.ids().len();
        let answer = ask(&mut conversation, question);
        // All at once, read by a model that has seen nothing.
        let template = pretrained.template.as_ref().unwrap();
        let text = template.apply(&conversation.messages()[..2 * turn + 1]).unwrap();
        let prompt = pretrained.tokenizer.encode(&text).unwrap();
        let all = numbers(conversation.ids());
        assert_eq!(all[..prompt.len()], prompt);
        // Read was what the template added, and perhaps the last token of the answer before.
        let added = prompt.len() - before;
        assert!((added..=added + 1).contains(&answer.prompt.tokens), "{answer:?}");
        let request = Request {
            prompt: crate::indices(&prompt),
            sampler: Sampler::new(Sampling::GREEDY, 0).unwrap(),
            end: crate::indices(&pretrained.end),
            maximum: 24,
        };
        let alone = generate(&mut chat::Texts::new(model, N::<1>), vec![request]).unwrap().remove(0);
        assert_eq!((numbers(&alone.ids), alone.finish), (all[prompt.len()..].to_vec(), answer.finish));
        assert_eq!((answer.tokens, pretrained.tokenizer.decode(&numbers(&alone.ids))), (alone.ids.len(), answer.text));
    }
    // A conversation that begins anew gives the same, and does not read the system prompt again.
    let first = conversation.messages()[1].content.clone();
    conversation.reset();
    assert!(conversation.messages().is_empty() && conversation.ids().is_empty());
    let again = ask(&mut conversation, QUESTIONS[0]);
    assert_eq!(again.text, first);
    assert!(again.prompt.tokens < 10, "{again:?}");
}

#[test]
fn a_template_may_change_what_was_said() {
    let Some((_, model)) = model() else { return };
    let mut pretrained = Pretrained::open(path().unwrap()).unwrap();
    // It gives the answers in capitals, and forgets all but the last three messages.
    let source = "{% for message in messages[-3:] %}<|im_start|>{{ message.role }}\n{{ message.content|upper }}<|im_end|>\n\
                  {% endfor %}<|im_start|>assistant\n";
    pretrained.template = Some(Template::new(source, "", "").unwrap());
    let mut conversation = Conversation::new(&pretrained, model, options()).unwrap();
    for (turn, question) in QUESTIONS.iter().enumerate() {
        ask(&mut conversation, question);
        let text = pretrained.template.as_ref().unwrap().apply(&conversation.messages()[..2 * turn + 1]).unwrap();
        let prompt = pretrained.tokenizer.encode(&text).unwrap();
        assert_eq!(numbers(conversation.ids())[..prompt.len()], prompt);
    }
}

#[test]
fn a_stop_string_ends_an_answer() {
    let Some((pretrained, model)) = model() else { return };
    let whole = ask(&mut Conversation::new(pretrained, model, options()).unwrap(), QUESTIONS[0]).text;
    let at = whole.char_indices().nth(whole.chars().count() / 2).unwrap().0;
    let stop = whole[at..].chars().take(3).collect::<String>();
    let mut conversation =
        Conversation::new(pretrained, model, Options { stop: vec![stop.clone()], ..options() }).unwrap();
    let answer = ask(&mut conversation, QUESTIONS[0]);
    assert_eq!((answer.text.as_str(), answer.finish), (&whole[..whole.find(&stop).unwrap()], Finish::Stopped));
    // The next turn has what was said, without what stopped it.
    ask(&mut conversation, QUESTIONS[1]);
    let text = pretrained.template.as_ref().unwrap().apply(&conversation.messages()[..3]).unwrap();
    let prompt = pretrained.tokenizer.encode(&text).unwrap();
    assert_eq!(numbers(conversation.ids())[..prompt.len()], prompt);
}

#[test]
fn a_system_prompt_takes_the_place_of_the_template_s() {
    let Some((pretrained, model)) = model() else { return };
    let options = Options { system: Some("Be brief.".to_owned()), max_tokens: 1, ..options() };
    let mut conversation = Conversation::new(pretrained, model, options).unwrap();
    ask(&mut conversation, "Hi");
    let text = pretrained
        .tokenizer
        .encode("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n")
        .unwrap();
    assert_eq!(numbers(conversation.ids())[..text.len()], text);
    conversation.reset();
    assert_eq!(conversation.messages(), [Message { role: "system", content: "Be brief.".to_owned() }]);
}

#[test]
fn what_cannot_be_written_is_as_if_it_had_not_been_asked() {
    let Some((pretrained, model)) = model() else { return };
    let mut conversation = Conversation::new(pretrained, model, options()).unwrap();
    ask(&mut conversation, QUESTIONS[0]);
    let before = conversation.messages().to_vec();
    let error = conversation.ask("Tell me a story.", |_| Err(io::ErrorKind::BrokenPipe.into())).unwrap_err();
    assert_eq!(error.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(conversation.messages(), before);
    let answer = ask(&mut conversation, QUESTIONS[1]);
    let mut other = Conversation::new(pretrained, model, options()).unwrap();
    ask(&mut other, QUESTIONS[0]);
    assert_eq!(ask(&mut other, QUESTIONS[1]).text, answer.text);
}

#[test]
fn a_raw_text_goes_on() {
    let Some((pretrained, model)) = model() else { return };
    let options = Options { raw: true, max_tokens: 5, ..options() };
    let mut conversation = Conversation::new(pretrained, model, options).unwrap();
    let prompt = &crate::reference()["prompts"]["plain"];
    let (read, written) = (crate::ids(&prompt["input_ids"]), crate::ids(&prompt["greedy_ids"]));
    ask(&mut conversation, prompt["text"].as_str().unwrap());
    let ids = numbers(conversation.ids());
    assert_eq!(ids, [&read[..], &written[..5]].concat());
    ask(&mut conversation, " ...");
    assert_eq!(numbers(conversation.ids())[..ids.len()], ids);
    assert!(conversation.ask("", |_| Ok(())).is_ok());
    conversation.reset();
    assert_eq!(conversation.ask("", |_| Ok(())).unwrap_err().to_string(), "there is no text to go on with");
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let Some((pretrained, model)) = model() else { return };
    let sampling = Sampling { temperature: 1.5, ..Sampling::default() };
    let answer = |seed| {
        let options = Options { sampling, seed, ..options() };
        ask(&mut Conversation::new(pretrained, model, options).unwrap(), "Tell me a story.").text
    };
    assert_eq!(answer(1), answer(1));
    assert_ne!(answer(1), answer(2));
}

/// A model of the same weights that has room for 48 tokens.
#[test]
fn a_full_context_is_said() {
    let Some((pretrained, _)) = model() else { return };
    dims! { Positions = 48; }
    let chat::Dims { vocab, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn, .. } =
        pretrained.config.dims().unwrap();
    let dims = chat::Dims { vocab, positions: Positions, embed, heads, key_heads, head_dim, ffn, experts, expert_ffn };
    let model: chat::LanguageModel<_, _> = pretrained.load(dims, &Default::default(), || ()).unwrap();
    let mut conversation = Conversation::new(pretrained, &model, options()).unwrap();
    let answer = conversation.ask("Tell me a long story.", |_| Ok(())).unwrap();
    assert_eq!((answer.finish, conversation.ids().len()), (Finish::Context, 48));
    assert!(!answer.text.is_empty());
    let messages = conversation.messages().to_vec();
    let error = conversation.ask("Go on.", |_| Ok(())).unwrap_err().to_string();
    assert!(error.starts_with("the context is full: it has room for 48 tokens"), "{error}");
    assert_eq!(conversation.messages(), messages);
    conversation.reset();
    assert!(conversation.ask("Hi", |_| Ok(())).is_ok());
}

#[test]
fn proposals_change_nothing_in_an_answer() {
    let Some((pretrained, model)) = model() else { return };
    let options = || Options { max_tokens: 40, ..options() };
    let mut alone = Conversation::new(pretrained, model, options()).unwrap();
    let draft = Draft::new(Texts::new(model, N::<1>));
    let proposers: [Box<dyn Proposer<_>>; 2] = [Box::new(PromptLookup::new(1..=4).unwrap()), Box::new(draft)];
    let questions = ["Say three times: one, two, three.", "Once more."];
    let answers = questions.map(|question| ask(&mut alone, question).text);
    for proposer in proposers {
        let mut conversation = Conversation::new(pretrained, model, options()).unwrap().with_proposer(proposer, 4);
        assert_eq!(questions.map(|question| ask(&mut conversation, question).text), answers);
    }
}
