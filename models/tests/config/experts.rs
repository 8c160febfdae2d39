//! Layers with experts.

use super::llama_3;
use congruent_models::decoder::Config;
use serde_json::{Value, json};

/// As Mixtral and Qwen say it; in older files of Qwen the number of experts has another name.
#[test]
fn layers_with_experts() {
    let read = |model_type: &str, entries: Value| {
        let mut json = llama_3();
        json["model_type"] = json!(model_type);
        json.as_object_mut().unwrap().extend(entries.as_object().unwrap().clone());
        Config::from_hugging_face(&json.to_string())
    };
    let experts = |config: Config| {
        let routing = config.settings.mixture.unwrap().routing;
        (config.expert_ffn, config.experts, routing.per_token, routing.normalized)
    };
    let mixtral = json!({"num_local_experts": 8, "num_experts_per_tok": 2});
    assert_eq!(experts(read("mixtral", mixtral).unwrap()), (14336, 8, 2, true));
    let qwen =
        json!({"num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768, "norm_topk_prob": true});
    assert_eq!(experts(read("qwen3_moe", qwen.clone()).unwrap()), (768, 128, 8, true));
    assert_eq!(read("llama", qwen.clone()).unwrap().experts, 1);
    for (key, value, expected) in [
        ("num_experts", Value::Null, "missing field `num_local_experts`"),
        ("num_experts_per_tok", json!(129), "`num_experts_per_tok` is 129, and this library takes 1 to 128"),
        ("num_experts_per_tok", json!(0), "`num_experts_per_tok` is 0, and this library takes 1 to 128"),
        ("moe_intermediate_size", Value::Null, "missing field `moe_intermediate_size`"),
        ("decoder_sparse_step", json!(0), "`decoder_sparse_step` is 0, and this library takes 1 to 65536"),
    ] {
        let mut json = qwen.clone();
        json[key] = value;
        let error = read("qwen3_moe", json).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// Some layers have one network and no experts, by their numbers or all but each n-th.
#[test]
fn layers_without_experts_beside_others() {
    let read = |model_type: &str, entries: Value| {
        let mut json = llama_3();
        json.as_object_mut().unwrap().extend(entries.as_object().unwrap().clone());
        json["model_type"] = json!(model_type);
        json["num_hidden_layers"] = json!(6);
        Config::from_hugging_face(&json.to_string())
    };
    let qwen = json!({"num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 768});
    let with = |entries: Value| {
        let mut json = qwen.clone();
        json.as_object_mut().unwrap().extend(entries.as_object().unwrap().clone());
        json
    };
    let dense = |entries| read("qwen3_moe", with(entries)).unwrap().settings.mixture.unwrap().dense;
    assert_eq!(dense(json!({})), [0; 0]);
    assert_eq!(dense(json!({"mlp_only_layers": [0, 5]})), [0, 5]);
    assert_eq!(dense(json!({"decoder_sparse_step": 2})), [0, 2, 4]);
    assert_eq!(dense(json!({"decoder_sparse_step": 3, "mlp_only_layers": [2]})), [0, 1, 2, 3, 4]);

    let shared = json!({"shared_expert_intermediate_size": 5632});
    let config = read("qwen2_moe", with(shared.clone())).unwrap();
    assert_eq!((config.ffn, config.expert_ffn, config.settings.mixture.unwrap().shared), (5632, 768, true));
    let error = read("qwen2_moe", qwen.clone()).unwrap_err().to_string();
    assert_eq!(error, "missing field `shared_expert_intermediate_size`");
    let mut both = with(shared);
    both["mlp_only_layers"] = json!([1]);
    let error = read("qwen2_moe", both).unwrap_err().to_string();
    assert!(error.starts_with("`shared_expert_intermediate_size` is 5632 and `intermediate_size`"), "{error}");
}
