"""The training cycle in PyTorch: as the PyTorch version of 3DGAN is written, and at its best.

Published: channels first, one call per layer, gradients flow through the fakes into the
generator and through the discriminator's weights even where they are not used. Best: channels
last, upsampling folded into the convolution that follows, no unused gradients. (`torch.compile`
around both networks gains nothing: docs/performance.md.)
Needs PyTorch and NumPy only; the networks come from files that `training.py` writes.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LOSS_NAMES = ("real_fake", "primary_energy", "ecal_sum")


class Block(nn.Module):
    """Upsample, pad, convolve, activate, normalise, drop."""

    def __init__(self, layer, channels: int, best: bool) -> None:
        super().__init__()
        self.layer, self.slope = layer, layer["slope"]
        self.convolution = nn.Conv3d(
            channels, layer["filters"], layer["kernel"], bias=layer["bias"]
        )
        self.norm = (
            nn.BatchNorm3d(layer["filters"], eps=layer["epsilon"], momentum=0.01)
            if layer["batch_norm"]
            else nn.Identity()
        )
        self.drop = nn.Dropout(layer["dropout"]) if layer["dropout"] else nn.Identity()
        self.folded = best and layer["upsample"] != [1, 1, 1]
        if self.folded:
            for axis, matrix in zip("xyz", layer["fold"]["matrices"], strict=True):
                self.register_buffer(f"fold_{axis}", torch.tensor(matrix), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self._fold(x) if self.folded else self._upsample(x)
        x = functional.leaky_relu(x, self.slope) if self.slope else functional.relu(x)
        return self.drop(self.norm(x))

    def _upsample(self, x: torch.Tensor) -> torch.Tensor:
        if self.layer["upsample"] != [1, 1, 1]:
            x = functional.interpolate(x, scale_factor=[float(u) for u in self.layer["upsample"]])
        return self.convolution(pad(x, self.layer["pads"]))

    def _fold(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, X, Y, Z) -> (N, F, X', Y', Z') by one short convolution: docs/performance.md."""
        fold = self.layer["fold"]
        kernel = torch.einsum(
            "aix,bjy,dlz,fcxyz->abdfcijl",
            self.fold_x,
            self.fold_y,
            self.fold_z,
            self.convolution.weight,
        ).flatten(0, 3)
        kernel = kernel.contiguous(memory_format=torch.channels_last_3d)
        phases = functional.conv3d(pad(x, fold["pads"]), kernel).permute(0, 2, 3, 4, 1)
        blocks, up = phases.shape[1:4], self.layer["upsample"]
        cells = phases.reshape(-1, *blocks, *up, self.layer["filters"])
        cells = cells.permute(0, 1, 4, 2, 5, 3, 6, 7)
        cells = cells.reshape(-1, *np.multiply(blocks, up), self.layer["filters"])
        (a, b), (c, d), (e, f) = fold["inside"]
        return (cells[:, a:b, c:d, e:f] + self.convolution.bias).permute(0, 4, 1, 2, 3)


class Generator(nn.Module):
    def __init__(self, about, best: bool) -> None:
        super().__init__()
        self.base, self.best = about["base"], best
        self.dense = nn.Linear(about["latent_dim"], int(np.prod(self.base)))
        self.blocks = blocks(about["generator"], self.base[3], best)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        x, y, z, channels = self.base
        if self.best:
            volume = self.dense(latent).reshape(-1, x, y, z, channels).permute(0, 4, 1, 2, 3)
        else:
            volume = self.dense(latent).reshape(-1, channels, x, y, z)
        return self.blocks(volume)


class Discriminator(nn.Module):
    def __init__(self, about, best: bool) -> None:
        super().__init__()
        self.blocks = blocks(about["discriminator"], 1, best)
        self.real_fake = nn.Linear(about["features"], 1)
        self.primary_energy = nn.Linear(about["features"], 1)

    def forward(self, cells: torch.Tensor) -> list[torch.Tensor]:
        features = functional.avg_pool3d(self.blocks(cells), 2).flatten(1)
        sums = cells.sum(dim=(2, 3, 4))
        return [self.real_fake(features), self.primary_energy(features), sums]


class Cycle:
    """One training cycle per call."""

    def __init__(self, folder: Path, threads: int, best: bool) -> None:
        torch.set_num_threads(threads)
        about = json.loads((folder / "layers.json").read_text())
        self.best, self.weights = best, about["loss_weights"]
        self.generator, self.discriminator = Generator(about, best), Discriminator(about, best)
        if best:
            self.generator.to(memory_format=torch.channels_last_3d)
            self.discriminator.to(memory_format=torch.channels_last_3d)
        options = {"lr": about["learning_rate"], "alpha": about["rmsprop_rho"]}
        self.generator_optimizer = torch.optim.RMSprop(self.generator.parameters(), **options)
        self.discriminator_optimizer = torch.optim.RMSprop(
            self.discriminator.parameters(), **options
        )

    def parameters(self) -> int:
        """Weights and moving statistics, as Keras counts them."""
        networks = (self.generator, self.discriminator)
        learned = sum(p.numel() for network in networks for p in network.parameters())
        norms = [m for n in networks for m in n.modules() if isinstance(m, nn.BatchNorm3d)]
        return learned + sum(2 * norm.num_features for norm in norms)

    def __call__(self, events: dict[str, np.ndarray]) -> float:
        energy, noise = (torch.from_numpy(events[name]) for name in ("energy", "noise"))
        cells = torch.from_numpy(events["cells"]).permute(0, 4, 1, 2, 3)
        targets = [torch.ones_like(energy), energy, cells.sum(dim=(2, 3, 4))]
        if not self.best:
            cells = cells.contiguous()
        fakes = self._fakes(noise[:, 0] * energy)
        self._update(self.discriminator_optimizer, cells, targets)
        loss = self._update(self.discriminator_optimizer, fakes, [0 * energy, *targets[1:]])
        if self.best:
            self.discriminator.requires_grad_(False)
        for call in (1, 2):
            cells = self.generator(noise[:, call] * energy)
            loss += self._update(self.generator_optimizer, cells, targets)
        self.discriminator.requires_grad_(True)
        return loss

    def _fakes(self, latent: torch.Tensor) -> torch.Tensor:
        if not self.best:
            return self.generator(latent)
        with torch.no_grad():
            self.generator.eval()
            fakes = self.generator(latent)
            self.generator.train()
            return fakes

    def _update(self, optimizer, cells: torch.Tensor, targets: list[torch.Tensor]) -> float:
        heads = self.discriminator(cells)
        losses = [functional.binary_cross_entropy_with_logits(heads[0], targets[0])]
        for target, head in zip(targets[1:], heads[1:], strict=True):
            losses.append(100 * torch.mean(torch.abs((target - head) / (target + 1e-7))))
        terms = zip(LOSS_NAMES, losses, strict=True)
        total = sum(self.weights[name] * loss for name, loss in terms)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        return float(total.detach())


def blocks(layers, channels: int, best: bool) -> nn.Sequential:
    made = []
    for layer in layers:
        made.append(Block(layer, channels, best))
        channels = layer["filters"]
    return nn.Sequential(*made)


def pad(x: torch.Tensor, pads) -> torch.Tensor:
    """Zero-pad (or, for negative numbers, cut) x, y, z."""
    flat = [p for axis in reversed(pads) for p in axis]
    return functional.pad(x, flat) if any(flat) else x
