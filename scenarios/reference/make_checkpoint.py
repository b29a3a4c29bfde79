"""Makes the fixture that the parity test compares crashpoint's model with.

Writes a small LLaVA-1.5 checkpoint with seeded weights as transformers saves it, and beside it
`expected.json`: what transformers itself makes of each image, stage by stage. The weights mean
nothing, but are large enough that the answers vary, depend on the image, and are not close calls.

    python make_checkpoint.py ../tests/fixtures/llava ../images/*.png
"""

import argparse
import hashlib
import json
import pathlib

import numpy as np
import PIL
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

try:
    from transformers import CLIPImageProcessorPil as ClipProcessor
    from transformers import LlavaImageProcessorPil as LlavaImageProcessor
except ImportError:  # before version 5 the slow processors are the PIL ones
    from transformers import CLIPImageProcessor as ClipProcessor
    from transformers import LlavaImageProcessor

QUESTION = "What does the front page of the news show?"
NEW_TOKENS = 32
SIDE = 84
SPECIAL = ["<unk>", "<s>", "</s>", "<image>"]
TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] != 'system' %}{{ message['role'].upper() + ': '}}{% endif %}"
    "{# Images first #}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}"
    "{{ '<image>\n' }}{% endfor %}"
    "{# Then text #}"
    "{% if message['role'] != 'assistant' %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{{ content['text'] + ' '}}{% endfor %}"
    "{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% generation %}{{ content['text'] + ' '}}{% endgeneration %}{% endfor %}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
CORPUS = [
    "the front page shows a photo, a headline and three columns of news",
    "what does the page show? the news of the day and the weather",
    "a chart in the middle, a table below, an advertisement on the right",
]


def make_tokenizer():
    """As LLaVA-1.5's: BPE in the manner of SentencePiece, falling back to bytes."""
    trainer = trainers.BpeTrainer(vocab_size=60, special_tokens=[], show_progress=False)
    trained = Tokenizer(models.BPE())
    spaced = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained.normalizer = spaced
    trained.train_from_iterator(CORPUS, trainer)
    learned = json.loads(trained.to_str())["model"]
    tokens = SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)]
    tokens += sorted(learned["vocab"], key=learned["vocab"].get)
    merges = [tuple(merge) for merge in learned["merges"]]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={token: i for i, token in enumerate(tokens)},
            merges=merges,
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = spaced
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<unk>",
        extra_special_tokens={"image_token": "<image>"},
    )


def make_model(vocabulary, seed):
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=24,
            intermediate_size=48,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=SIDE,
            patch_size=14,
        ),
        text_config=LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=40,
            intermediate_size=88,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=256,
        ),
        image_token_index=SPECIAL.index("<image>"),
        image_seq_length=(SIDE // 14) ** 2,
    )
    model = LlavaForConditionalGeneration(config).eval()
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            noise = torch.randn(weight.shape, generator=random)
            if "norm" in name:
                weight.copy_(noise * 0.1 + (1.0 if name.endswith("weight") else 0.0))
            elif "embed" in name and "patch" not in name:
                weight.copy_(noise)
            elif weight.dim() < 2:
                weight.copy_(noise * 0.1)
            else:
                sharp = 2.0 if "q_proj" in name or "k_proj" in name else 1.0
                weight.copy_(noise * sharp / weight[0].numel() ** 0.5)
        # Bytes are said seldom: the answers stay readable.
        model.lm_head.weight[: len(SPECIAL) + 256] *= 0.2
    return model


def conversation():
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    return [{"role": "user", "content": content}]


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f4").tobytes()).hexdigest()


def floats(tensor):
    return [float(value) for value in tensor]


@torch.no_grad()
def expect(model, processor, path):
    image = Image.open(path).convert("RGB")
    text = processor.apply_chat_template(conversation(), add_generation_prompt=True)
    inputs = processor(images=[image], text=[text], return_tensors="pt")
    pixels = inputs["pixel_values"]
    tower = model.model.vision_tower(pixels, output_hidden_states=True)
    tower = tower.hidden_states[model.config.vision_feature_layer][:, 1:]
    features = model.model.multi_modal_projector(tower)
    logits = model(**inputs).logits[0, -1]
    made = model.generate(
        **inputs,
        do_sample=False,
        max_new_tokens=NEW_TOKENS,
        output_logits=True,
        return_dict_in_generate=True,
    )
    start = inputs["input_ids"].shape[1]
    tokens = made.sequences[0, start:].tolist()
    best = [step[0].topk(2).values for step in made.logits]
    return {
        "file": pathlib.Path(path).name,
        "prompt_tokens": inputs["input_ids"][0].tolist(),
        "pixels_sha256": digest(pixels[0].numpy()),
        "pixels": floats(pixels[0].flatten()[:: SIDE * 17]),
        "tower": floats(tower[0].flatten()[::29]),
        "features": floats(features[0].flatten()[::41]),
        "logits": floats(logits[::7]),
        "tokens": tokens,
        "text": processor.tokenizer.decode(tokens, skip_special_tokens=True),
        "smallest_margin": min(float(top[0] - top[1]) for top in best),
    }


def made_up_image(width, height):
    """A picture that the test draws by the same formula."""
    x = np.arange(width, dtype=np.int64)[None, :]
    y = np.arange(height, dtype=np.int64)[:, None]
    planes = [(x * x + 3 * y) & 255, (x * 7) ^ (y * 5) & 255, (x * y + 11 * x) & 255]
    planes = [np.broadcast_to(plane, (height, width)) & 255 for plane in planes]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def preprocessing():
    """Image processors in all their ways, and images that are hard on them."""
    exact = {"height": SIDE, "width": SIDE}
    clip = {"size": {"shortest_edge": SIDE}, "crop_size": exact}
    ways = [
        (ClipProcessor, clip),
        (ClipProcessor, clip | {"resample": 2}),
        (ClipProcessor, {"size": exact, "do_center_crop": False}),
        (ClipProcessor, {"size": {"shortest_edge": 51}, "crop_size": exact}),
        (ClipProcessor, {"do_resize": False, "crop_size": exact}),
        (ClipProcessor, clip | {"do_rescale": False}),
        (ClipProcessor, clip | {"do_normalize": False}),
        (ClipProcessor, clip | {"rescale_factor": 1 / 127.5, "image_mean": [0.5, 0.4, 0.3]}),
        (LlavaImageProcessor, clip | {"do_pad": True}),
    ]
    sizes = [(640, 400), (301, 777), (84, 84), (23, 37), (1, 9), (2000, 3), (85, 83)]
    cases = []
    for kind, options in ways:
        processor = kind(**options)
        file = json.loads(processor.to_json_string())
        images = []
        for width, height in sizes:
            pixels = processor(made_up_image(width, height), return_tensors="np")["pixel_values"][0]
            assert pixels.shape == (3, SIDE, SIDE), pixels.shape
            images.append({"width": width, "height": height, "pixels_sha256": digest(pixels)})
        cases.append({"processor": file, "images": images})
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("images", nargs="+", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=28)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer), arguments.seed)
    image_processor = ClipProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    processor = LlavaProcessor(
        image_processor=image_processor,
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    model.save_pretrained(arguments.folder)
    processor.save_pretrained(arguments.folder)
    expected = {
        "made_with": {
            "transformers": transformers.__version__,
            "torch": torch.__version__.split("+")[0],
            "pillow": PIL.__version__,
        },
        "question": QUESTION,
        "images": [expect(model, processor, path) for path in sorted(arguments.images)],
        "preprocessing": preprocessing(),
    }
    path = arguments.folder / "expected.json"
    # A line for each image keeps changes readable.
    text = json.dumps(expected, ensure_ascii=False)
    for start in ('{"file"', '{"processor"', '"preprocessing"'):
        text = text.replace(start, "\n" + start)
    path.write_text(text + "\n")
    for image in expected["images"]:
        print(f"{image['file']}: margin {image['smallest_margin']:.4f}, {image['text']!r}")


if __name__ == "__main__":
    main()
