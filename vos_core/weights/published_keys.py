"""How the names of tensors in the authors' checkpoints map to ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Rule = tuple[str, str]

_TAIL = r"(weight|bias|running_mean|running_var)"

_RESNET: tuple[Rule, ...] = (
    (r"feature_extracter\.backbone\.conv1\.weight", "backbone.trunk.conv1.weight"),
    (rf"feature_extracter\.backbone\.bn1\.{_TAIL}", r"backbone.trunk.norm1.\1"),
    (
        r"feature_extracter\.backbone\.layer(\d)\.(\d+)\.conv(\d)\.weight",
        r"backbone.trunk.layer\1.\2.conv\3.weight",
    ),
    (
        rf"feature_extracter\.backbone\.layer(\d)\.(\d+)\.bn(\d)\.{_TAIL}",
        r"backbone.trunk.layer\1.\2.norm\3.\4",
    ),
    (
        rf"feature_extracter\.backbone\.layer(\d)\.(\d+)\.downsample\.([01])\.{_TAIL}",
        r"backbone.trunk.layer\1.\2.shortcut.\3.\4",
    ),
)

_NECK: tuple[Rule, ...] = (
    (
        rf"feature_extracter\.aspp\.aspp(\d)\.atrous_conv\.{_TAIL}",
        r"backbone.aspp.branches.<\1-1>.conv.\2",
    ),
    (rf"feature_extracter\.aspp\.aspp(\d)\.bn\.{_TAIL}", r"backbone.aspp.branches.<\1-1>.norm.\2"),
    (r"feature_extracter\.aspp\.global_avg_pool\.1\.weight", "backbone.aspp.image.conv.weight"),
    (rf"feature_extracter\.aspp\.global_avg_pool\.2\.{_TAIL}", r"backbone.aspp.image.norm.\1"),
    (r"feature_extracter\.aspp\.conv1\.weight", "backbone.aspp.fuse.conv.weight"),
    (rf"feature_extracter\.aspp\.bn1\.{_TAIL}", r"backbone.aspp.fuse.norm.\1"),
    (r"feature_extracter\.decoder\.conv1\.weight", "backbone.decoder.low.conv.weight"),
    (rf"feature_extracter\.decoder\.bn1\.{_TAIL}", r"backbone.decoder.low.norm.\1"),
    (
        r"feature_extracter\.decoder\.last_conv\.0\.weight",
        "backbone.decoder.conv1.conv.weight",
    ),
    (rf"feature_extracter\.decoder\.last_conv\.1\.{_TAIL}", r"backbone.decoder.conv1.norm.\1"),
    (
        r"feature_extracter\.decoder\.last_conv\.4\.weight",
        "backbone.decoder.conv2.conv.weight",
    ),
    (rf"feature_extracter\.decoder\.last_conv\.5\.{_TAIL}", r"backbone.decoder.conv2.norm.\1"),
)

_BIASES: tuple[Rule, ...] = (
    (r"bg_bias", "background_bias"),
    (r"fg_bias", "foreground_bias"),
)

# the authors register these layers twice; the later name is the one in force when a checkpoint
# holds both, and the rules list the names in that order
_EMBEDDING: tuple[Rule, ...] = (
    (r"seperate_conv\.(weight|bias)", r"embedding.depthwise.\1"),
    (r"bn1\.(weight|bias)", r"embedding.norm1.\1"),
    (r"embedding_conv\.(weight|bias)", r"embedding.pointwise.\1"),
    (r"bn2\.(weight|bias)", r"embedding.norm2.\1"),
    (r"semantic_embedding\.0\.(weight|bias)", r"embedding.depthwise.\1"),
    (r"semantic_embedding\.1\.(weight|bias)", r"embedding.norm1.\1"),
    (r"semantic_embedding\.3\.(weight|bias)", r"embedding.pointwise.\1"),
    (r"semantic_embedding\.4\.(weight|bias)", r"embedding.norm2.\1"),
)

_PREHEAD: tuple[Rule, ...] = (
    (r"dynamic_prehead\.conv\.(weight|bias)", r"matching_head.conv.\1"),
    (r"dynamic_prehead\.bn\.(weight|bias)", r"matching_head.norm.\1"),
)

_PYRAMID: tuple[Rule, ...] = tuple(
    rule
    for theirs, ours in (
        ("toplayer", "lateral16"),
        ("latlayer1", "lateral8"),
        ("latlayer2", "lateral4"),
        ("smooth1", "smooth8"),
        ("smooth2", "smooth4"),
    )
    for rule in (
        (rf"fpn\.{theirs}\.0\.weight", f"pyramid.{ours}.conv.weight"),
        (rf"fpn\.{theirs}\.1\.(weight|bias)", rf"pyramid.{ours}.norm.\1"),
    )
)


def _block(theirs: str, ours: str) -> tuple[Rule, ...]:
    """Rules of one bottleneck; ``theirs`` and ``ours`` may hold groups 1."""
    first = re.compile(theirs).groups + 1
    return (
        (rf"{theirs}\.GCT1\.(alpha|beta|gamma)", rf"{ours}.gate.\{first}"),
        (rf"{theirs}\.conv(\d)\.weight", rf"{ours}.conv\{first}.weight"),
        (rf"{theirs}\.bn(\d)\.(weight|bias)", rf"{ours}.norm\{first}.\{first + 1}"),
        (
            rf"{theirs}\.downsample\.([01])\.(weight|bias)",
            rf"{ours}.shortcut.\{first}.\{first + 1}",
        ),
    )


_HEAD = r"dynamic_seghead\."

_TAIL_HEAD: tuple[Rule, ...] = (
    (_HEAD + r"ASPP\.aspp(\d)\.GCT\.(alpha|beta|gamma)", r"ensembler.aspp.branches.<\1-1>.gate.\2"),
    (_HEAD + r"ASPP\.aspp(\d)\.atrous_conv\.weight", r"ensembler.aspp.branches.<\1-1>.conv.weight"),
    (_HEAD + r"ASPP\.aspp(\d)\.bn\.(weight|bias)", r"ensembler.aspp.branches.<\1-1>.norm.\2"),
    (_HEAD + r"ASPP\.global_avg_pool\.1\.weight", "ensembler.aspp.image_conv.weight"),
    (_HEAD + r"ASPP\.GCT\.(alpha|beta|gamma)", r"ensembler.aspp.gate.\1"),
    (_HEAD + r"ASPP\.conv1\.weight", "ensembler.aspp.conv.weight"),
    (_HEAD + r"ASPP\.bn1\.(weight|bias)", r"ensembler.aspp.norm.\1"),
    (_HEAD + r"GCT_sc\.(alpha|beta|gamma)", r"decoder.skip_gate.\1"),
    (_HEAD + r"conv_sc\.weight", "decoder.skip_conv.weight"),
    (_HEAD + r"bn_sc\.(weight|bias)", r"decoder.skip_norm.\1"),
    (_HEAD + r"IA10\.IA\.(weight|bias)", r"decoder.gate1.linear.\1"),
    (_HEAD + r"IA11\.IA\.(weight|bias)", r"decoder.gate2.linear.\1"),
    (_HEAD + r"conv([12])\.weight", r"decoder.conv\1.weight"),
    (_HEAD + r"bn([12])\.(weight|bias)", r"decoder.norm\1.\2"),
    (_HEAD + r"IA_final_fg\.(weight|bias)", r"decoder.foreground_filter.\1"),
    (_HEAD + r"IA_final_bg\.(weight|bias)", r"decoder.background_filter.\1"),
)

_FLAT_ENSEMBLER: tuple[Rule, ...] = (
    *_block(_HEAD + r"layer(\d)", r"ensembler.blocks.<\1-1>"),
    (_HEAD + r"IA9\.IA\.(weight|bias)", r"ensembler.aspp_gate.linear.\1"),
    (_HEAD + r"IA([1-8])\.IA\.(weight|bias)", r"ensembler.gates.<\1-1>.linear.\2"),
)

_STAGED_ENSEMBLER: tuple[Rule, ...] = (
    *(
        rule
        for stage, number, offset in (
            ("S1", "([12])", "-1"),
            ("S2", "([1-3])", "+1"),
            ("S3", "([1-3])", "+4"),
        )
        for rule in (
            *_block(rf"{_HEAD}{stage}_layer{number}", rf"ensembler.blocks.<\1{offset}>"),
            (
                rf"{_HEAD}{stage}_IA{number}\.IA\.(weight|bias)",
                rf"ensembler.gates.<\1{offset}>.linear.\2",
            ),
        )
    ),
    (_HEAD + r"ASPP_IA\.IA\.(weight|bias)", r"ensembler.aspp_gate.linear.\1"),
)

_MODULATORS: tuple[Rule, ...] = tuple(
    rule
    for theirs, ours in (("M1", "propagation"), ("M2", "correction"))
    for rule in (
        *_block(rf"{_HEAD}{theirs}_Bottleneck_(\d)", rf"{ours}.blocks.<\1-1>"),
        (
            rf"{_HEAD}{theirs}_Reweight_Layer_(\d)\.IA\.(weight|bias)",
            rf"{ours}.gates.<\1-1>.linear.\2",
        ),
    )
)


# name -> blocks that the authors list under it; a later name is the one in force
_MOBILENET_BLOCKS = {
    "features": range(18),
    "low_level_features": range(4),
    "high_level_features": range(4, 18),
    "feautre_8x": range(4, 7),
    "feature_16x": range(7, 14),
    "feature_32x": range(14, 18),
}
_MOBILENET_FIRST = ((0, "depthwise.0"), (1, "depthwise.1"), (3, "project.0"), (4, "project.1"))
_MOBILENET_LATER = (
    (0, "expand.0"),
    (1, "expand.1"),
    (3, "depthwise.0"),
    (4, "depthwise.1"),
    (6, "project.0"),
    (7, "project.1"),
)


def _mobilenet() -> tuple[Rule, ...]:
    """Rules of MobileNet-V2, whose blocks the authors list under up to three names."""
    rules: list[Rule] = []
    for name, blocks in _MOBILENET_BLOCKS.items():
        prefix = rf"feature_extracter\.backbone\.{name}"
        for block in blocks:
            if block == 0:
                rules.append((rf"{prefix}\.0\.([01])\.{_TAIL}", r"backbone.trunk.stem.\1.\2"))
                continue
            # the first block has no expansion
            for theirs, ours in _MOBILENET_FIRST if block == 1 else _MOBILENET_LATER:
                pattern = rf"{prefix}\.{block}\.conv\.{theirs}\.{_TAIL}"
                rules.append((pattern, rf"backbone.trunk.blocks.{block - 1}.{ours}.\1"))
    return tuple(rules)


_SINGLE_SCALE = (*_NECK, *_BIASES, *_EMBEDDING, *_PREHEAD, *_FLAT_ENSEMBLER, *_TAIL_HEAD)

RULES: dict[str, tuple[Rule, ...]] = {
    "cfbi": (*_RESNET, *_SINGLE_SCALE),
    "cfbi-mobilenet": (*_mobilenet(), *_SINGLE_SCALE),
    "cfbi-plus": (
        *_RESNET,
        *_NECK,
        *_BIASES,
        *_PYRAMID,
        *_STAGED_ENSEMBLER,
        *_TAIL_HEAD,
    ),
    "rpcm": (*_RESNET, *_SINGLE_SCALE, *_MODULATORS),
}

_REFERENCE = re.compile(r"<\\(?P<index>\d)(?P<sign>[+-])(?P<shift>\d)>|\\(?P<plain>\d)")
_ARITHMETIC = re.compile(r"<(\d+)([+-])(\d+)>")


def own_key(key: str, rules: Sequence[Rule]) -> str | None:
    """Return our name of one of the authors' tensors, None when no rule knows it."""
    found = _find_rule(key, rules)
    return None if found is None else found[1]


def map_keys(keys: Iterable[str], network: str) -> dict[str, str | None]:
    """Map the authors' keys to ours.

    Args:
        keys: Names in a checkpoint, without ``module.``, in any order.
        network: One of :data:`RULES`.

    Returns:
        Authors' key to our key, None for a key that the network does not have. Of several names
        of one tensor, the one in force comes last.
    """
    rules = RULES[network]
    found = {key: _find_rule(key, rules) for key in keys}
    ordered = sorted(found.items(), key=lambda item: -1 if item[1] is None else item[1][0])
    return {key: None if rule is None else rule[1] for key, rule in ordered}


def authors_key(key: str, network: str) -> str | None:
    """Return the authors' name of one of our tensors, the one in force if there are several.

    Args:
        key: Our name.
        network: One of :data:`RULES`.
    """
    for pattern, replacement in reversed(RULES[network]):
        found = _undo(key, pattern, replacement)
        if found is not None:
            return found
    return None


def _undo(key: str, pattern: str, replacement: str) -> str | None:
    """Apply one rule backwards; None where it does not lead to ``key``."""
    literals, groups = _split_groups(pattern)
    own, used = "", []
    end = 0
    for token in _REFERENCE.finditer(replacement):
        own += re.escape(replacement[end : token.start()])
        end = token.end()
        number = int(token["index"] or token["plain"])
        used.append((number, token))
        own += r"(\d+)" if token["index"] else f"({groups[number - 1]})"
    match = re.fullmatch(own + re.escape(replacement[end:]), key)
    if match is None:
        return None
    values = [""] * len(groups)
    for text, (number, token) in zip(match.groups(), used, strict=True):
        if token["index"]:
            shift = int(token["shift"])
            text = str(int(text) + (shift if token["sign"] == "-" else -shift))
        values[number - 1] = text
    if not all(re.fullmatch(group, value) for group, value in zip(groups, values, strict=True)):
        return None
    pieces = [literals[0]]
    for value, literal in zip(values, literals[1:], strict=True):
        pieces += [value, literal]
    return "".join(pieces).replace("\\.", ".")


def _split_groups(pattern: str) -> tuple[list[str], list[str]]:
    """Split a pattern into what stands between its outermost capturing groups, and the groups."""
    literals, groups, depth = [""], [], 0
    for character in pattern:
        if character == "(":
            depth += 1
            if depth == 1:
                groups.append("")
                continue
        elif character == ")":
            depth -= 1
            if depth == 0:
                literals.append("")
                continue
        if depth:
            groups[-1] += character
        else:
            literals[-1] += character
    return literals, groups


def _find_rule(key: str, rules: Sequence[Rule]) -> tuple[int, str] | None:
    """Return the position of the rule that knows a key, and our name for it."""
    for position, (pattern, replacement) in enumerate(rules):
        match = re.fullmatch(pattern, key)
        if match is not None:
            return position, _ARITHMETIC.sub(_evaluate, match.expand(replacement))
    return None


def _evaluate(match: re.Match[str]) -> str:
    """Work out ``<3-1>``."""
    left, sign, right = int(match[1]), match[2], int(match[3])
    return str(left - right if sign == "-" else left + right)
