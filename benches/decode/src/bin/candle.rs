//! candle: its Llama on the quantised weights, or with the argument `f32` the one on weights of 32 bits.

use candle_core::quantized::gguf_file::Content;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::llama::{Cache, Config, Llama};
use candle_transformers::models::quantized_llama::ModelWeights;
use decode::{Decoder, model, serve};
use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs::File;
use std::io::BufReader;

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let mut file = BufReader::new(File::open(model())?);
    let content = Content::read(&mut file)?;
    match env::args().nth(1).as_deref() {
        None => serve(Quantised { model: ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?, read: 0 }),
        Some("f32") => serve(Float::new(&content, &mut file)?),
        Some(other) => Err(format!("no such argument: {other}").into()),
    }
}

struct Quantised {
    model: ModelWeights,
    read: usize,
}

impl Decoder for Quantised {
    fn restart(&mut self) -> std::result::Result<(), Box<dyn Error>> {
        self.model.clear_kv_cache();
        self.read = 0;
        Ok(())
    }

    fn next(&mut self, ids: &[u32]) -> std::result::Result<u32, Box<dyn Error>> {
        let logits = self.model.forward(&batch(ids)?, self.read)?;
        self.read += ids.len();
        Ok(most_likely(&logits)?)
    }
}

struct Float {
    model: Llama,
    config: Config,
    cache: Cache,
    read: usize,
}

impl Float {
    fn new(content: &Content, file: &mut BufReader<File>) -> Result<Self> {
        let number = |key: &str| content.metadata[&format!("llama.{key}")].to_u32().map(|value| value as usize);
        let float = |key: &str| content.metadata[&format!("llama.{key}")].to_f32();
        let embedding = &content.tensor_infos["token_embd.weight"];
        let config = Config {
            hidden_size: number("embedding_length")?,
            intermediate_size: number("feed_forward_length")?,
            vocab_size: embedding.shape.dims()[0],
            num_hidden_layers: number("block_count")?,
            num_attention_heads: number("attention.head_count")?,
            num_key_value_heads: number("attention.head_count_kv")?,
            use_flash_attn: false,
            rms_norm_eps: float("attention.layer_norm_rms_epsilon")?.into(),
            rope_theta: float("rope.freq_base")?,
            bos_token_id: None,
            eos_token_id: None,
            rope_scaling: None,
            max_position_embeddings: number("context_length")?,
            tie_word_embeddings: true,
        };
        let mut weights = HashMap::new();
        let mut add = |to: String, from: &str, heads: Option<usize>| -> Result<()> {
            let weight = content.tensor(file, &format!("{from}.weight"), &Device::Cpu)?.dequantize(&Device::Cpu)?;
            let weight = heads.map_or(Ok(weight.clone()), |heads| halves(&weight, heads))?;
            weights.insert(format!("{to}.weight"), weight);
            Ok(())
        };
        add("model.embed_tokens".to_owned(), "token_embd", None)?;
        add("model.norm".to_owned(), "output_norm", None)?;
        let (query, key_value) = (Some(config.num_attention_heads), Some(config.num_key_value_heads));
        for layer in 0..config.num_hidden_layers {
            for (to, from, heads) in [
                ("self_attn.q_proj", "attn_q", query),
                ("self_attn.k_proj", "attn_k", key_value),
                ("self_attn.v_proj", "attn_v", None),
                ("self_attn.o_proj", "attn_output", None),
                ("mlp.gate_proj", "ffn_gate", None),
                ("mlp.up_proj", "ffn_up", None),
                ("mlp.down_proj", "ffn_down", None),
                ("input_layernorm", "attn_norm", None),
                ("post_attention_layernorm", "ffn_norm", None),
            ] {
                add(format!("model.layers.{layer}.{to}"), &format!("blk.{layer}.{from}"), heads)?;
            }
        }
        let model = Llama::load(VarBuilder::from_tensors(weights, DType::F32, &Device::Cpu), &config)?;
        let cache = Cache::new(true, DType::F32, &config, &Device::Cpu)?;
        Ok(Float { model, config, cache, read: 0 })
    }
}

impl Decoder for Float {
    fn restart(&mut self) -> std::result::Result<(), Box<dyn Error>> {
        self.cache = Cache::new(true, DType::F32, &self.config, &Device::Cpu)?;
        self.read = 0;
        Ok(())
    }

    fn next(&mut self, ids: &[u32]) -> std::result::Result<u32, Box<dyn Error>> {
        let logits = self.model.forward(&batch(ids)?, self.read, &mut self.cache)?;
        self.read += ids.len();
        Ok(most_likely(&logits)?)
    }
}

/// The rows of each head in the order that rotates the first half with the second: GGUF files have the pairs side by side.
fn halves(weight: &Tensor, heads: usize) -> Result<Tensor> {
    let (rows, columns) = weight.dims2()?;
    weight.reshape((heads, rows / heads / 2, 2, columns))?.transpose(1, 2)?.contiguous()?.reshape((rows, columns))
}

fn batch(ids: &[u32]) -> Result<Tensor> {
    Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)
}

fn most_likely(logits: &Tensor) -> Result<u32> {
    logits.squeeze(0)?.argmax(D::Minus1)?.to_scalar()
}
