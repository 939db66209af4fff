"""The figures of a run: medians, what each is compared with, the bar it is held to, the table and bench.json.

Of a figure with a bar, a floor or a peer, less is better. A peer's factor is how many times better than it we
are (5.0: we need a fifth); the floor's ratio is how many times the floor we need.
"""
import json
import statistics
from dataclasses import dataclass, field


LEAST = 1e-9  # a value of zero is one too small to be seen


@dataclass
class Bar:
    """What a figure is held to: an own limit, or factors over peers that were measured in the same run."""
    limit: float | None = None
    factors: dict = field(default_factory=dict)  # peer -> the least factor

    def __str__(self):
        rows = [] if self.limit is None else [f"<= {number(self.limit)}"]
        return ", ".join(rows + [f"{number(factor)} x {name}" for name, factor in self.factors.items()])


@dataclass
class Figure:
    name: str
    value: float
    unit: str
    runs: int
    bar: Bar | None = None
    floor: tuple | None = None  # (name, value): what the machine itself needs
    peers: dict = field(default_factory=dict)  # name -> value, those that were measured

    def factor(self, peer):
        return self.peers[peer] / max(self.value, LEAST)

    def floor_ratio(self):
        return self.value / max(self.floor[1], LEAST)

    def holds(self):
        """True or False; None without a bar, or when nothing of it could be judged."""
        if self.bar is None:
            return None
        verdicts = [] if self.bar.limit is None else [self.value <= self.bar.limit]
        verdicts += [self.factor(peer) >= least for peer, least in self.bar.factors.items() if peer in self.peers]
        return all(verdicts) if verdicts else None

    def row(self):
        """The object of bench.json. `peer` is the best of the peers, the one that is hardest to beat."""
        row = {"name": self.name, "value": rounded(self.value), "unit": self.unit, "runs": self.runs}
        if self.bar:
            row |= {"bar": str(self.bar), "holds": self.holds()}
        if self.floor:
            row |= {"floor": self.floor[0], "floor_value": rounded(self.floor[1]),
                    "floor_ratio": rounded(self.floor_ratio())}
        if self.peers:
            best = min(self.peers, key=self.factor)
            row |= {"peer": best, "peer_value": rounded(self.peers[best]),
                    "ratio": rounded(self.factor(best)),
                    "peers": {name: rounded(value) for name, value in self.peers.items()}}
        return row


def rounded(value):
    return float(f"{value:.4g}")


def number(value):
    """Three digits and more, as a person reads them: 0.241, 12.3, 1,480."""
    if value == 0:
        return "0"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == int(value) else f"{value:.3g}"


def median_of(samples, key):
    return statistics.median(sample[key] for sample in samples)


VERDICTS = {True: "holds", False: "MISSES", None: ""}


def line_of(name, value, unit, *rest):
    return f"{name:<30}{number(value):>9} {unit:<6}  " + "  ".join(rest)


def lines_of(figure):
    """A line of the figure, and one below it for each thing it is compared with."""
    yield line_of(figure.name, figure.value, figure.unit, f"{VERDICTS[figure.holds()]:<7}", f"{str(figure.bar or ''):<28}",
                  f"{figure.runs} runs")
    if figure.floor:
        yield line_of(f"  floor {figure.floor[0]}", figure.floor[1], figure.unit, f"ours is {number(figure.floor_ratio())} times that")
    for peer, value in figure.peers.items():
        yield line_of(f"  peer {peer}", value, figure.unit, f"{number(figure.factor(peer))} times ours")


def table(figures):
    head = f"{'figure':<30}{'value':>9} {'unit':<6}  {'':<7}  {'bar':<28}  median of"
    return "\n".join([head, "-" * len(head), *(line for figure in figures for line in lines_of(figure))])


def save(figures, path):
    path.write_text("[" + ",\n ".join(json.dumps(figure.row()) for figure in figures) + "]\n")
