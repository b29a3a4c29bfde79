//! What shows that something runs inference on a GPU. Rules that speak of what is missing ask here
//! first: a unit or container without such evidence is none of this linter's business.

use super::variable::{self, CUDA, NVIDIA, Variable};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// As it stands in a message: "it runs vLLM".
    pub because: String,
    /// Whether a GPU is certainly meant, and not only likely.
    pub strong: bool,
    pub server: Option<&'static Server>,
}

impl Evidence {
    fn strong(because: String) -> Evidence {
        Evidence {
            because,
            strong: true,
            server: None,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Server {
    pub name: &'static str,
    /// The program's name.
    programs: &'static [&'static str],
    /// After `python -m`, or the beginning of it.
    modules: &'static [&'static str],
    /// Parts of an image's name.
    images: &'static [&'static str],
    /// Parts of the path of a script or its folder.
    folders: &'static [&'static str],
    /// Whether it also runs, and is meant to run, without a GPU.
    pub also_without: bool,
    /// Whether it answers only once its model is loaded.
    pub loads_first: bool,
    /// Options that spread it over several GPUs, and with them over several processes.
    pub spread: &'static [&'static str],
}

#[rustfmt::skip]
const SERVERS: [Server; 12] = [
    Server { name: "vLLM", programs: &["vllm"], modules: &["vllm."], images: &["vllm/vllm-openai"], folders: &[], also_without: false, loads_first: true,
        spread: &["--tensor-parallel-size", "-tp", "--pipeline-parallel-size", "-pp", "--data-parallel-size", "-dp"] },
    Server { name: "SGLang", programs: &["sglang"], modules: &["sglang."], images: &["lmsysorg/sglang"], folders: &[], also_without: false, loads_first: true,
        spread: &["--tp", "--tp-size", "--tensor-parallel-size", "--dp", "--dp-size"] },
    Server { name: "Text Generation Inference", programs: &["text-generation-launcher"], modules: &[], images: &["huggingface/text-generation-inference"], folders: &[], also_without: false, loads_first: true,
        spread: &["--num-shard"] },
    Server { name: "Triton", programs: &["tritonserver"], modules: &[], images: &["nvidia/tritonserver"], folders: &[], also_without: true, loads_first: false, spread: &[] },
    Server { name: "TensorRT-LLM", programs: &["trtllm-serve"], modules: &["tensorrt_llm."], images: &["tensorrt-llm/release"], folders: &[], also_without: false, loads_first: true, spread: &["--tp_size"] },
    Server { name: "LMDeploy", programs: &["lmdeploy"], modules: &["lmdeploy."], images: &["openmmlab/lmdeploy"], folders: &[], also_without: false, loads_first: true, spread: &["--tp"] },
    Server { name: "Ollama", programs: &["ollama"], modules: &[], images: &["ollama/ollama"], folders: &[], also_without: true, loads_first: false, spread: &[] },
    Server { name: "llama.cpp", programs: &["llama-server"], modules: &["llama_cpp."], images: &["llama.cpp:server-cuda", "llama.cpp:full-cuda"], folders: &[], also_without: true, loads_first: true, spread: &[] },
    Server { name: "ComfyUI", programs: &["comfy"], modules: &[], images: &["comfyui"], folders: &["comfyui"], also_without: false, loads_first: false, spread: &[] },
    Server { name: "text-generation-webui", programs: &[], modules: &[], images: &["text-generation-webui"], folders: &["text-generation-webui", "oobabooga"], also_without: true, loads_first: false, spread: &[] },
    Server { name: "Stable Diffusion web UI", programs: &[], modules: &[], images: &["stable-diffusion-webui"], folders: &["stable-diffusion-webui"], also_without: false, loads_first: false, spread: &[] },
    Server { name: "torchrun", programs: &["torchrun"], modules: &["torch.distributed."], images: &[], folders: &[], also_without: true, loads_first: false, spread: &["--nproc_per_node", "--nproc-per-node"] },
];

impl Server {
    fn evidence(&'static self) -> Evidence {
        Evidence {
            because: format!("it runs {}", self.name),
            strong: !self.also_without,
            server: Some(self),
        }
    }
}

/// Of a command's words, or of its folder.
pub fn of_command(words: &[String], folder: Option<&str>) -> Option<Evidence> {
    if on_the_cpu(words) {
        return None;
    }
    let program = words.first().map(String::as_str).unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    let module = words
        .iter()
        .position(|word| word == "-m")
        .and_then(|at| words.get(at + 1));
    let script = words.iter().take(4).find(|word| word.ends_with(".py"));
    let serves = match name {
        "vllm" => words.get(1).is_some_and(|it| it == "serve"),
        "ollama" => words.get(1).is_some_and(|it| it == "serve"),
        _ => true,
    };
    let places: Vec<String> = [Some(program), script.map(String::as_str), folder]
        .into_iter()
        .flatten()
        .map(str::to_ascii_lowercase)
        .collect();
    SERVERS
        .iter()
        .find(|server| {
            server.programs.contains(&name) && serves
                || module.is_some_and(|it| server.modules.iter().any(|start| it.starts_with(start)))
                || server.folders.iter().any(|part| {
                    places
                        .iter()
                        .any(|place| place.split('/').any(|it| it == *part))
                })
        })
        .map(Server::evidence)
}

fn on_the_cpu(words: &[String]) -> bool {
    words.iter().enumerate().any(|(index, word)| {
        matches!(word.as_str(), "--cpu" | "--use-cpu" | "--device=cpu")
            || matches!(word.as_str(), "--device" | "-d")
                && words.get(index + 1).is_some_and(|it| it == "cpu")
    })
}

/// Of an image's name. Those for another maker's cards, or for none, count for nothing.
pub fn of_image(image: &str) -> Option<Evidence> {
    let lower = image.to_ascii_lowercase();
    let tag = lower.rsplit('/').next().unwrap_or_default();
    let other = [
        "cpu", "rocm", "intel", "gaudi", "neuron", "xpu", "tpu", "vulkan", "musa", "ascend", "npu",
    ];
    if tag
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| other.contains(&part))
    {
        return None;
    }
    let server = SERVERS
        .iter()
        .find(|server| server.images.iter().any(|it| lower.contains(it)));
    if let Some(server) = server {
        let evidence = server.evidence();
        let strong = evidence.strong || tag.contains("cuda");
        return Some(Evidence { strong, ..evidence });
    }
    let of_cuda = lower.starts_with("nvidia/cuda:") || lower.contains("nvcr.io/nvidia/cuda:");
    of_cuda.then(|| Evidence::strong(format!("its image is {image}")))
}

/// Of the variables that only mean something to a program on a GPU.
pub fn of_variables(variables: &[Variable]) -> Option<Evidence> {
    let shown = variables.iter().find(|it| match it.name.as_str() {
        CUDA => !matches!(it.value.trim(), "" | "-1"),
        NVIDIA => !matches!(it.value.trim(), "" | "void" | "none"),
        "PYTORCH_CUDA_ALLOC_CONF" | "CUDA_DEVICE_ORDER" => true,
        _ => false,
    })?;
    let hidden =
        variable::last(variables, CUDA).is_some_and(|it| matches!(it.value.trim(), "" | "-1"));
    (!hidden).then(|| Evidence::strong(format!("{} is set", shown.name)))
}

/// Of what a person calls it.
pub fn of_name(text: &str) -> Option<Evidence> {
    const SAYS: [&str; 9] = [
        "gpu",
        "cuda",
        "llava",
        "llm",
        "vllm",
        "vlm",
        "comfyui",
        "diffusion",
        "llama",
    ];
    const ELSE: [&str; 8] = [
        "exporter",
        "monitor",
        "monitoring",
        "metrics",
        "fan",
        "cpu",
        "driver",
        "client",
    ];
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_ascii_lowercase)
        .collect();
    let has = |list: &[&str]| words.iter().find(|it| list.contains(&it.as_str()));
    if has(&ELSE).is_some() {
        return None;
    }
    let said = has(&SAYS)?;
    Some(Evidence {
        because: format!("it is named after {said:?}"),
        strong: false,
        server: None,
    })
}

/// Over how many GPUs its options spread it.
pub fn spread(server: &Server, words: &[String]) -> Option<u64> {
    words.iter().enumerate().find_map(|(index, word)| {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), words.get(index + 1).map(String::as_str)),
        };
        let count = value?.parse().ok()?;
        (server.spread.contains(&option) && count > 1).then_some(count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn servers_are_known_by_how_they_are_started() {
        for (command, name) in [
            ("/opt/venv/bin/vllm serve Qwen/Qwen2.5-7B", Some("vLLM")),
            (
                "/usr/bin/python3 -m vllm.entrypoints.openai.api_server",
                Some("vLLM"),
            ),
            ("/usr/local/bin/ollama serve", Some("Ollama")),
            ("/usr/local/bin/ollama pull llava", None),
            ("/home/a/ComfyUI/venv/bin/python main.py", Some("ComfyUI")),
            ("/home/a/ComfyUI/venv/bin/python main.py --cpu", None),
            ("/usr/bin/python3 /srv/web/manage.py", None),
            ("tritonserver --model-repository=/models", Some("Triton")),
        ] {
            let found = of_command(&words(command), None);
            assert_eq!(
                found.and_then(|it| it.server).map(|it| it.name),
                name,
                "{command}"
            );
        }
        for (image, found) in [
            ("vllm/vllm-openai:v0.6.6", true),
            ("vllm/vllm-openai-cpu:latest", false),
            ("ollama/ollama:rocm", false),
            (
                "ghcr.io/huggingface/text-generation-inference:3.0-intel-xpu",
                false,
            ),
            ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", true),
            ("postgres:15", false),
        ] {
            assert_eq!(of_image(image).is_some(), found, "{image}");
        }
    }

    #[test]
    fn names_of_watchers_are_no_evidence() {
        assert!(of_name("News analysis with LLaVA").is_some());
        assert!(of_name("NVIDIA GPU exporter").is_none());
        assert!(of_name("A web server").is_none());
    }
}
