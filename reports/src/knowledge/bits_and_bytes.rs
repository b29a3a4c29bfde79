//! What `BitsAndBytesConfig` of transformers (4.57 and 5.24, utils/quantization_config.py) knows.

/// All that it takes, with what it writes and reads again itself.
pub const PARAMETERS: [&str; 13] = [
    "load_in_8bit",
    "load_in_4bit",
    "llm_int8_threshold",
    "llm_int8_skip_modules",
    "llm_int8_enable_fp32_cpu_offload",
    "llm_int8_has_fp16_weight",
    "bnb_4bit_compute_dtype",
    "bnb_4bit_quant_type",
    "bnb_4bit_use_double_quant",
    "bnb_4bit_quant_storage",
    "quant_method",
    "_load_in_8bit",
    "_load_in_4bit",
];
