"""Times transformers on a GPU, for crashpoint's worker to be compared with.

    python compare_transformers.py make FOLDER
    python compare_transformers.py time FOLDER IMAGES... [--cache dynamic|static] [--new-tokens 256]

`make` writes a checkpoint of LLaVA-1.5-7B's shape in float16 with made-up weights as transformers
saves it. `time` loads it from there, answers one question for each image and prints a line of JSON.
The first image pays for what is compiled and set up once; the others are told apart from it.
"""

import argparse
import json
import pathlib
import time

import torch
import transformers
from make_checkpoint import ClipProcessor, SPECIAL, TEMPLATE, conversation, make_tokenizer
from PIL import Image
from transformers import (
    AutoProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)

SIDE = 336
DEVICE = "cuda:0"


def make(folder):
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=1024,
            intermediate_size=4096,
            num_hidden_layers=24,
            num_attention_heads=16,
            image_size=SIDE,
            patch_size=14,
            projection_dim=768,
        ),
        text_config=LlamaConfig(
            vocab_size=32_064, max_position_embeddings=4096, rms_norm_eps=1e-5
        ),
        image_token_index=SPECIAL.index("<image>"),
        image_seq_length=(SIDE // 14) ** 2,
    )
    torch.manual_seed(28)
    torch.set_default_dtype(torch.float16)
    with torch.device(DEVICE):
        model = LlavaForConditionalGeneration(config).eval()
    processor = LlavaProcessor(
        image_processor=ClipProcessor(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        ),
        tokenizer=make_tokenizer(),
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


@torch.inference_mode()
def measure(folder, paths, cache, new_tokens):
    torch.cuda.init()
    began = time.perf_counter()
    dtype = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
    model = LlavaForConditionalGeneration.from_pretrained(
        folder, device_map=DEVICE, **{dtype: torch.float16}
    ).eval()
    torch.cuda.synchronize()
    load_seconds = time.perf_counter() - began
    processor = AutoProcessor.from_pretrained(folder)
    text = processor.apply_chat_template(conversation(), add_generation_prompt=True)
    images = []
    for path in paths:
        began = time.perf_counter()
        image = Image.open(path).convert("RGB")
        inputs = processor(images=[image], text=[text], return_tensors="pt")
        inputs = inputs.to(DEVICE, torch.float16)
        made = model.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=new_tokens,
            min_new_tokens=new_tokens,
            **({"cache_implementation": "static"} if cache == "static" else {}),
        )
        torch.cuda.synchronize()
        tokens = made.shape[1] - inputs["input_ids"].shape[1]
        seconds = time.perf_counter() - began
        images.append({"file": path.name, "seconds": seconds, "tokens": tokens})
    after = images[1:]
    print(
        json.dumps(
            {
                "transformers": transformers.__version__,
                "torch": torch.__version__,
                "device": torch.cuda.get_device_name(),
                "cache": cache,
                "load_seconds": load_seconds,
                "first_image_seconds": images[0]["seconds"],
                "seconds_an_image": sum(image["seconds"] for image in after) / len(after),
                "tokens_per_second": sum(image["tokens"] for image in after)
                / sum(image["seconds"] for image in after),
                "peak_allocated_bytes": torch.cuda.max_memory_allocated(),
                "images": images,
            }
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("make").add_argument("folder", type=pathlib.Path)
    timing = commands.add_parser("time")
    timing.add_argument("folder", type=pathlib.Path)
    timing.add_argument("images", nargs="+", type=pathlib.Path)
    timing.add_argument("--cache", choices=["dynamic", "static"], default="dynamic")
    timing.add_argument("--new-tokens", type=int, default=256)
    arguments = parser.parse_args()
    if arguments.command == "make":
        make(arguments.folder)
    else:
        measure(arguments.folder, arguments.images, arguments.cache, arguments.new_tokens)


if __name__ == "__main__":
    main()
