"""Options that commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

#: Settings of a run by name, as the session takes them.
Settings = dict[str, Any]

Base = Annotated[
    str | None,
    typer.Option(help="e5-small, a hub id, or a folder of an XLM-R checkpoint. [default: e5-small, which is packed]"),
]
Data = Annotated[
    str | None, typer.Option(help="hub, bundled (a demonstration) or a mirror folder. [env: XADAPT_DATA, else hub]")
]
StoreFolder = Annotated[
    str | None,
    typer.Option("--store", help="Where checkpoints and results are. [env: XADAPT_STORE, else xadapt-store]"),
]
CacheSize = Annotated[
    str | None,
    typer.Option(help="Disk for what the layers below all adapters compute; 0 for none. [env: XADAPT_CACHE_SIZE, 8GB]"),
]
Seed = Annotated[int, typer.Option(help="Seed of initialisation and batch order; evaluation prefers its checkpoints.")]
Epochs = Annotated[float | None, typer.Option(help="Passes over the training rows. [default: by problem]")]
LearningRate = Annotated[float | None, typer.Option("--lr", help="Peak learning rate. [default: 1e-3; fusion 5e-4]")]
BatchSize = Annotated[int | None, typer.Option(help="Rows a step. [default: 32; QA, choices and fusion 16]")]
Limit = Annotated[int | None, typer.Option(help="Rows a task (training) or a language (evaluation), a fixed sample.")]
DevLimit = Annotated[int | None, typer.Option(help="English development rows that choose the epoch. [default: 500]")]
MaxLength = Annotated[int | None, typer.Option(help="Tokens a row. [default: by problem; 128, QA windows of 384]")]
Precision = Annotated[str, typer.Option(help="auto, fp32 or bf16; auto takes bf16 where the hardware has it.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps; CUDA_VISIBLE_DEVICES chooses among GPUs.")]
AdapterConfigText = Annotated[
    str | None, typer.Option("--adapter-config", help="Adapter method. [default: seq_bn[reduction_factor=8]]")
]
AdapterLayers = Annotated[
    str | None,
    typer.Option(
        help="Layers that carry the adapter, counted from 0: all, 6-11, 6- (to the top) or 0,2,4. [default: all]"
    ),
]
Rank = Annotated[int | None, typer.Option(help="Fusion that is factored after training: its rank. [default: full]")]
Narrow = Annotated[
    int | None, typer.Option(help="Fusion that is of low rank from the start: its rank. [default: full]")
]
MixingCap = Annotated[int | None, typer.Option(help="Rows of a task that count in an epoch at most. [default: 131072]")]
ReportTo = Annotated[str | None, typer.Option(help="Loggers of the Trainer, such as tensorboard or wandb.")]
Setup = Annotated[str, typer.Option(help='A setup, such as mnli or "stack(fuse(mnli, squad, stsb), xnli)", or none.')]
PoolLimit = Annotated[
    int | None, typer.Option(help="Retrieval from a pool: its items, the rows' answers first, a fixed sample.")
]
Layer = Annotated[int | None, typer.Option(help="Retrieval: pool this layer. [default: the base's own]")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Languages = Annotated[
    str, typer.Option("--languages", "--language", help="all, or codes separated by commas, such as de,sw,zh.")
]
