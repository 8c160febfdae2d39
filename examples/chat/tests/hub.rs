//! The program with a model of a hub, which is a server on this machine.

#[path = "../../hub/tests/server/mod.rs"]
mod server;

use congruent::io::Writer;
use congruent::prelude::*;
use server::Server;
use std::process::Command;

dims! {
    Words = 4;
    Embed = 8;
    Hidden = 16;
}

const CONFIG: &str = r#"{"model_type": "llama", "vocab_size": 4, "max_position_embeddings": 32, "hidden_size": 8,
    "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 16, "num_hidden_layers": 1, "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true, "eos_token_id": 3}"#;
const TOKENIZER: &str = r#"{"version": "1.0", "added_tokens": [],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "d": 3}, "merges": []}}"#;

/// The weights of a small Llama in two files.
fn weights() -> [Vec<u8>; 2] {
    let rng = &mut Rng::with_seed(1);
    let [mut one, mut two] = [(), ()].map(|()| Writer::default());
    one.add("model.embed_tokens.weight", &Tensor::<_>::normal((Words, Embed), 0.0, 1.0, rng));
    let norms = ["layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"];
    norms.iter().for_each(|name| one.add(format!("model.{name}.weight"), &Tensor::<(Embed,)>::ones((Embed,))));
    for part in ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"] {
        let name = format!("model.layers.0.{part}.weight");
        two.add(name, &Tensor::<_>::normal((Embed, Embed), 0.0, 1.0, rng));
    }
    for part in ["mlp.gate_proj", "mlp.up_proj"] {
        let name = format!("model.layers.0.{part}.weight");
        two.add(name, &Tensor::<_>::normal((Hidden, Embed), 0.0, 1.0, rng));
    }
    two.add("model.layers.0.mlp.down_proj.weight", &Tensor::<_>::normal((Embed, Hidden), 0.0, 1.0, rng));
    [one, two].map(|writer| writer.to_bytes().unwrap())
}

#[test]
fn a_model_in_several_files_is_fetched_and_goes_on_with_a_text() {
    let [one, two] = ["model-1.safetensors", "model-2.safetensors"];
    let of_one = ["embed_tokens", "layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"];
    let of_two = [
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "mlp.gate_proj",
        "mlp.up_proj",
    ];
    let of_two =
        of_two.iter().chain(&["mlp.down_proj"]).map(|part| format!(r#""model.layers.0.{part}.weight": "{two}""#));
    let map: Vec<String> =
        of_one.iter().map(|part| format!(r#""model.{part}.weight": "{one}""#)).chain(of_two).collect();
    let index = format!(r#"{{"weight_map": {{{}}}}}"#, map.join(", "));
    let [bytes_one, bytes_two] = weights();
    let server = Server::new([
        ("config.json", CONFIG.as_bytes().to_vec()),
        ("tokenizer.json", TOKENIZER.as_bytes().to_vec()),
        ("model.safetensors.index.json", index.into_bytes()),
        (one, bytes_one),
        (two, bytes_two),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let run = |model: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
        for name in ["HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
        {
            command.env_remove(name);
        }
        command.env("HF_ENDPOINT", server.address()).env("HF_HOME", folder.path());
        command.args(["--model", model, "--raw", "--max-tokens", "4", "abc"]).output().unwrap()
    };
    let first = run("owner/tiny@v1");
    let report = String::from_utf8(first.stderr).unwrap();
    assert!(first.status.success() && report.contains("[prompt: 3 tokens, "), "{report}");
    server.requests();
    assert_eq!(run("owner/tiny@v1").stdout, first.stdout);
    assert_eq!(server.requests(), Vec::<String>::new());

    let failed = run("owner/tiny:Q4_K_M");
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(failed.stderr).unwrap(),
        "error: --model: owner/tiny:Q4_K_M: the repository has no GGUF files\n"
    );
}
