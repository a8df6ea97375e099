#!/usr/bin/python3
"""The work of the kernels in PyTorch, as fast as we could make it: the yardstick of kernel_bench.

usage: torch_vime.py [--seconds S] [--json]

Checks every version against tests/golden/vime.json, then prints CPU nanoseconds per transition
(bonus) or update (train). One thread, float32, fresh torch.randn noise, hidden 32, 10 samples,
minibatches of 10. Needs PyTorch (Debian: python3-torch) and a BLAS that is not the reference one
(libopenblas0). Notation as in lib/bnn/network_kernels.h.

  bonus/einsum   every gradient formed per weight and transition, by einsum
  bonus/closed   the algebra of lib/bnn: nothing of size inputs x hidden per transition; features
                 first, so that every operation runs over contiguous transitions; TorchScript
  train/script   hand-written gradients and Adam, the loop over updates in TorchScript
  train/autograd the same loss, loss.backward() and torch.optim.Adam

The bonus is timed for several chunk sizes; the fastest counts.
"""
import argparse
import ctypes
import json
import math
import os
import re
import statistics
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when torch is loaded
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

HIDDEN, SAMPLES, MINIBATCH, UPDATES = 32, 10, 10, 500
SIZES = {"obs2": (3, 2), "obs20": (26, 20)}  # network inputs, outputs
BATCH = 5000
CHUNKS = (250, 500, 1000, 1250, 2500, 5000)
GOLDEN = os.path.join(os.path.dirname(__file__), "..", "golden", "vime.json")


# ---- The bonus ----------------------------------------------------------------------------------


def gain_einsum(x: Tensor, y: Tensor, w1: Tensor, s1: Tensor, w2: Tensor, s2: Tensor,
                eps1: Tensor, eps2: Tensor, factor: Tensor, step_size: float) -> Tensor:
    """x (N, I + 1) with its last column 1, y (N, O), weights (inputs + 1, outputs), s = sigma^2,
    eps (S, N or 1, units), factor = 1/(S likelihood_sd^2)."""
    hidden = w1.size(1)
    x2 = x * x
    sd1 = torch.mm(x2, s1).sqrt()
    h = torch.relu(torch.mm(x, w1) + sd1 * eps1)
    h1 = torch.cat((h, torch.ones_like(h[:, :, :1])), 2)
    h2 = h1 * h1
    sd2 = torch.matmul(h2, s2).sqrt()
    d = (torch.matmul(h1, w2) + sd2 * eps2 - y) * factor
    e = 0.5 * d * eps2 / sd2
    dh = torch.matmul(d, w2[:hidden].t()) + 2 * h * torch.matmul(e, s2[:hidden].t())
    da = torch.where(h > 0, dh, torch.zeros_like(dh))
    g_mu1 = torch.einsum("ni,nj->nij", x, da.sum(0))
    g_var1 = torch.einsum("ni,nj->nij", x2, 0.5 * (da * eps1).sum(0) / sd1)
    g_mu2 = torch.einsum("sni,sno->nio", h1, d)
    g_var2 = torch.einsum("sni,sno->nio", h2, e)
    quadratic = (torch.einsum("nij,ij->n", g_mu1 * g_mu1, s1)
                 + 2 * torch.einsum("nij,ij->n", g_var1 * g_var1, s1 * s1)
                 + torch.einsum("nij,ij->n", g_mu2 * g_mu2, s2)
                 + 2 * torch.einsum("nij,ij->n", g_var2 * g_var2, s2 * s2))
    return 0.5 * step_size * step_size * quadratic


def gain_closed(x: Tensor, y: Tensor, w1: Tensor, s1: Tensor, w2: Tensor, s2: Tensor,
                eps1: Tensor, eps2: Tensor, factor: Tensor, step_size: float) -> Tensor:
    """The same with x (I + 1, N), y (O, N), eps (units, S, N or 1); d and e = 2 E in place of D
    and E."""
    hidden, samples = w1.size(1), eps1.size(1)
    outputs, n = y.size(0), x.size(1)
    x2 = x * x
    v1 = torch.mm(s1.t(), x2)
    sd1 = v1.sqrt()
    h = torch.addcmul(torch.mm(w1.t(), x)[:, None], sd1[:, None], eps1).relu_()
    h2 = h * h
    top_w2, top_s2 = w2[:hidden], s2[:hidden]
    sd2 = torch.addmm(s2[hidden:].t(), top_s2.t(), h2.view(hidden, -1)).sqrt_()
    sd2 = sd2.view(outputs, samples, n)
    d = torch.addmm(w2[hidden:].t(), top_w2.t(), h.view(hidden, -1)).view(outputs, samples, n)
    d = d.addcmul_(sd2, eps2).sub_(y[:, None]).mul_(factor)
    e = (d * eps2).div_(sd2)
    da = torch.mm(top_w2, d.view(outputs, -1)).view(hidden, samples, n)
    da = da.addcmul_(h, torch.mm(top_s2, e.view(outputs, -1)).view(hidden, samples, n))
    da = da.mul_(torch.sign(h))
    d1 = da.sum(1)
    e1 = da.mul_(eps1).sum(1).div_(sd1)
    fourth = torch.mm((s1 * s1).t(), x2.mul_(x2))
    quadratic = d1.square_().mul_(v1).addcmul_(e1.square_(), fourth, value=0.5).sum(0)
    g_mu = torch.mul(h[:, None, 0], d[:, 0])
    g_var = torch.mul(h2[:, None, 0], e[:, 0])
    for s in range(1, samples):
        g_mu.addcmul_(h[:, None, s], d[:, s])
        g_var.addcmul_(h2[:, None, s], e[:, s])
    half_s4 = 0.5 * s2 * s2
    quadratic += torch.mv(g_mu.square_().view(-1, n).t(), top_s2.reshape(-1))
    quadratic += torch.mv(g_var.square_().view(-1, n).t(), half_s4[:hidden].reshape(-1))
    quadratic += torch.mv(d.sum(1).square_().t(), s2[hidden])
    quadratic += torch.mv(e.sum(1).square_().t(), half_s4[hidden])
    return quadratic.mul_(0.5 * step_size * step_size)


# ---- Training -----------------------------------------------------------------------------------


def train_script(phi: Tensor, m: Tensor, v: Tensor, xx: Tensor, y: Tensor, rows: Tensor,
                 eps1: Tensor, eps2: Tensor, factor: Tensor, hidden: int, prior_precision: float,
                 kl_weight: float, learning_rate: float) -> None:
    """rows.size(0) updates of phi = (mu; rho), 2 x P, in place, with Adam moments m and v.

    Loss of one minibatch: kl_weight KL[q || prior] - sum_b E_q[log p]. xx is (2, N, I + 1): inputs
    (last 1) and their squares; eps (updates, S, B or 1, units). The gradient with respect to
    sigma^2 is carried doubled. What costs at this size is the number of operations, so everything
    is written in place and all views are made before the loop."""
    inputs, outputs = xx.size(2), y.size(1)
    samples, batch = eps1.size(1), rows.size(1)
    flat = samples * batch
    first = inputs * hidden

    mu, rho, variance = phi[0], phi[1], torch.empty_like(phi[0])
    gradient = torch.empty_like(phi)
    g_mu, g_rho = gradient[0], gradient[1]
    w1, s1 = mu[:first].view(inputs, hidden), variance[:first].view(inputs, hidden)
    w2, s2 = mu[first:].view(hidden + 1, outputs), variance[first:].view(hidden + 1, outputs)
    g_w1, g_s1 = g_mu[:first].view(inputs, hidden), g_rho[:first].view(inputs, hidden)
    g_w2, g_s2 = g_mu[first:].view(hidden + 1, outputs), g_rho[first:].view(hidden + 1, outputs)
    w2t, s2t = w2[:hidden].t(), s2[:hidden].t()

    m1 = torch.empty((batch, hidden), dtype=phi.dtype)
    sd1, d1, e1 = torch.empty_like(m1), torch.empty_like(m1), torch.empty_like(m1)
    h_flat = torch.ones((flat, hidden + 1), dtype=phi.dtype)  # with the input of the bias
    h2_flat = torch.ones_like(h_flat)
    h = h_flat.view(samples, batch, hidden + 1)[:, :, :hidden]
    h2 = h2_flat.view(samples, batch, hidden + 1)[:, :, :hidden]
    ht, h2t = h_flat.t(), h2_flat.t()
    d_flat = torch.empty((flat, outputs), dtype=phi.dtype)
    sd2_flat, e_flat = torch.empty_like(d_flat), torch.empty_like(d_flat)
    d, sd2 = d_flat.view(samples, batch, outputs), sd2_flat.view(samples, batch, outputs)
    e = e_flat.view(samples, batch, outputs)
    da_flat = torch.empty((flat, hidden), dtype=phi.dtype)
    dv_flat = torch.empty_like(da_flat)
    da, dv = da_flat.view(samples, batch, hidden), dv_flat.view(samples, batch, hidden)
    prior = torch.full_like(factor, kl_weight * prior_precision)
    weight = torch.full_like(factor, kl_weight)

    xs, targets = xx[:, rows].unbind(1), y[rows].unbind(0)
    noise1, noise2 = eps1.unbind(0), eps2.unbind(0)
    for u in range(rows.size(0)):
        sigma = torch.nn.functional.softplus(rho)
        torch.mul(sigma, sigma, out=variance)

        x, x2 = xs[u].unbind(0)
        eps_h, eps_o = noise1[u], noise2[u]
        torch.mm(x, w1, out=m1)
        torch.mm(x2, s1, out=sd1).sqrt_()
        torch.addcmul(m1, sd1, eps_h, out=h).relu_()
        torch.mul(h, h, out=h2)
        torch.mm(h_flat, w2, out=d_flat)
        torch.mm(h2_flat, s2, out=sd2_flat).sqrt_()
        d.addcmul_(sd2, eps_o).sub_(targets[u]).mul_(factor)
        torch.mul(d, eps_o, out=e).div_(sd2)

        torch.mm(d_flat, w2t, out=da_flat)
        torch.mm(e_flat, s2t, out=dv_flat)
        da.addcmul_(h, dv).mul_(h.sign())
        torch.sum(da, [0], out=d1)
        torch.sum(da.mul_(eps_h), [0], out=e1).div_(sd1)
        torch.mm(x.t(), d1, out=g_w1)
        torch.mm(x2.t(), e1, out=g_s1)
        torch.mm(ht, d_flat, out=g_w2)
        torch.mm(h2t, e_flat, out=g_s2)

        # d/dmu += w mu/prior_sd^2; d/drho = (2 sigma g_var + w (sigma/prior_sd^2 - 1/sigma)) slope
        g_mu.addcmul_(mu, prior)
        g_rho.add_(prior).mul_(sigma).sub_(torch.div(weight, sigma)).mul_(torch.sigmoid(rho))
        m.lerp_(gradient, 0.1)
        v.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        correction = math.sqrt(1 - math.pow(0.999, u + 1))
        phi.addcdiv_(m, v.sqrt().add_(1e-8 * correction),
                     value=-learning_rate * correction / (1 - math.pow(0.9, u + 1)))


def train_autograd(phi: Tensor, m: Tensor, v: Tensor, xx: Tensor, y: Tensor, rows: Tensor,
                   eps1: Tensor, eps2: Tensor, factor: Tensor, hidden: int, prior_precision: float,
                   kl_weight: float, learning_rate: float) -> None:
    """The same by automatic differentiation; m and v are not used."""
    inputs, outputs = xx.size(2), y.size(1)
    a = inputs * hidden
    phi.requires_grad_(True)
    optimizer = torch.optim.Adam([phi], lr=learning_rate)
    half_inverse_variance = 0.5 * factor * eps1.size(1)  # 1/(2 likelihood_sd^2)
    for u in range(rows.size(0)):
        mu, sigma = phi[0], torch.nn.functional.softplus(phi[1])
        variance = sigma * sigma
        x, x2 = xx[:, rows[u]]
        h = torch.relu(torch.mm(x, mu[:a].view(inputs, hidden))
                       + torch.mm(x2, variance[:a].view(inputs, hidden)).sqrt() * eps1[u])
        w2, s2 = mu[a:].view(hidden + 1, outputs), variance[a:].view(hidden + 1, outputs)
        prediction = (torch.matmul(h, w2[:hidden]) + w2[hidden]
                      + (torch.matmul(h * h, s2[:hidden]) + s2[hidden]).sqrt() * eps2[u])
        nll = ((prediction - y[rows[u]]).square() * half_inverse_variance).sum() / eps1.size(1)
        kl = 0.5 * prior_precision * (variance.sum() + mu.square().sum()) - sigma.log().sum()
        optimizer.zero_grad(set_to_none=True)
        (nll + kl_weight * kl).backward()
        optimizer.step()
    phi.requires_grad_(False)


# ---- Checks -------------------------------------------------------------------------------------


def layers(flat, sizes):
    """Weight matrices (inputs + 1, outputs) of a flat parameter vector."""
    result, start = [], 0
    for inputs, outputs in zip(sizes, sizes[1:]):
        end = start + (inputs + 1) * outputs
        result.append(flat[start:end].view(inputs + 1, outputs))
        start = end
    return result


def with_ones(x):
    return torch.cat((x, torch.ones_like(x[:, :1])), 1)


def check_close(name, actual, expected, tolerance):
    error = ((actual - expected).abs() / expected.abs().max()).max().item()
    if not error <= tolerance:
        raise SystemExit(f"torch_vime.py: {name} is off by {error:.1e}, allowed {tolerance:.0e}")


def golden_noise(eps, layer, rows):
    """(S, rows or 1, units)."""
    values = torch.tensor([sample[layer] for sample in eps])
    return values if values.dim() == 3 else values[:, None].expand(-1, rows, -1)


def check(closed, script):
    with open(GOLDEN, encoding="utf-8") as file:
        golden = json.load(file)
    checked = 0
    for case in golden["cases"]:
        if case["mode"] != "lrt" or case["activation"] != "relu" or len(case["sizes"]) != 3:
            continue
        mu, rho = torch.tensor(case["mu"]), torch.tensor(case["rho"])
        w1, w2 = layers(mu, case["sizes"])
        s1, s2 = layers(torch.nn.functional.softplus(rho, threshold=50).square(), case["sizes"])
        x, y = with_ones(torch.tensor(case["X"])), torch.tensor(case["Y"])
        eps = [golden_noise(case["eps"], layer, case["B"]).contiguous() for layer in (0, 1)]
        factor = torch.tensor(1 / (case["S"] * case["likelihood_sd"]**2))
        expected = torch.tensor([row["taylor_kl"] for row in case["expect"]["info_gain"]])
        check_close("gain_einsum", gain_einsum(x, y, w1, s1, w2, s2, *eps, factor, case["lam"]),
                    expected, 1e-10)
        features_first = [e.permute(2, 0, 1).contiguous() for e in eps]
        check_close("gain_closed", closed(x.t().contiguous(), y.t().contiguous(), w1, s1, w2, s2,
                                          *features_first, factor, case["lam"]), expected, 1e-10)
        checked += 1
    assert checked >= 3

    adam = golden["adam"]
    x = with_ones(torch.tensor(adam["X"]).flatten(0, 1))
    y = torch.tensor(adam["Y"]).flatten(0, 1)
    rows = torch.arange(x.size(0)).view(adam["steps"], adam["B"])
    eps = [torch.stack([golden_noise(e, layer, 1) for e in adam["eps"]]) for layer in (0, 1)]
    for name, train in (("train_script", script), ("train_autograd", train_autograd)):
        phi = torch.tensor([adam["mu0"], adam["rho0"]])
        train(phi, torch.zeros_like(phi), torch.zeros_like(phi), torch.stack((x, x * x)), y, rows,
              *eps, torch.tensor(1 / (adam["S"] * adam["likelihood_sd"]**2)), adam["sizes"][1],
              adam["prior_sd"]**-2, adam["kl_weight"], adam["lr"])
        result = adam["result"]["kingma"]
        check_close(name, phi, torch.tensor([result["mu"], result["rho"]]), 1e-10)


# ---- Timing -------------------------------------------------------------------------------------


def cpu_seconds(body, budget):
    """Median CPU seconds of body(), called at least three times and for `budget` seconds."""
    body()
    times = []
    while len(times) < 3 or sum(times) < budget:
        start = time.process_time()
        body()
        times.append(time.process_time() - start)
    return statistics.median(times)


def problem(size):
    """The initial belief of a run (sigma = prior sd 0.5) and random standardised transitions."""
    inputs, outputs = SIZES[size]
    torch.manual_seed(1)
    phi = torch.empty(2, (inputs + 1) * HIDDEN + (HIDDEN + 1) * outputs)
    phi[0].normal_(0, 0.5)
    phi[1].fill_(math.log(math.expm1(0.5)))
    return phi, with_ones(torch.randn(BATCH, inputs)), torch.randn(BATCH, outputs)


def time_bonus(size, gain, features_first, budget):
    """Fastest nanoseconds per transition over chunk sizes, and that chunk size."""
    inputs, outputs = SIZES[size]
    phi, x, y = problem(size)
    sizes = (inputs, HIDDEN, outputs)
    w1, w2 = layers(phi[0], sizes)
    s1, s2 = layers(torch.nn.functional.softplus(phi[1]).square(), sizes)
    factor = torch.tensor(1 / (SAMPLES * 25.0))

    def run(chunk):
        for first in range(0, BATCH, chunk):
            rows = slice(first, first + chunk)
            if features_first:
                gain(x[rows].t().contiguous(), y[rows].t().contiguous(), w1, s1, w2, s2,
                     torch.randn(HIDDEN, SAMPLES, chunk), torch.randn(outputs, SAMPLES, chunk),
                     factor, 0.01)
            else:
                gain(x[rows], y[rows], w1, s1, w2, s2, torch.randn(SAMPLES, chunk, HIDDEN),
                     torch.randn(SAMPLES, chunk, outputs), factor, 0.01)

    with torch.inference_mode():
        return min((cpu_seconds(lambda: run(chunk), budget / len(CHUNKS)) * 1e9 / BATCH, chunk)
                   for chunk in CHUNKS)


def time_training(size, train, per_example, updates, budget):
    """Nanoseconds per update."""
    phi, x, y = problem(size)
    xx = torch.stack((x, x * x))
    rows_of_noise = MINIBATCH if per_example else 1

    def run():
        train(phi, torch.zeros_like(phi), torch.zeros_like(phi), xx, y,
              torch.randint(BATCH, (updates, MINIBATCH)),
              torch.randn(updates, SAMPLES, rows_of_noise, HIDDEN),
              torch.randn(updates, SAMPLES, rows_of_noise, y.size(1)),
              torch.tensor(1 / (SAMPLES * 25.0)), HIDDEN, 4.0, 0.2, 1e-3)

    return cpu_seconds(run, budget) * 1e9 / updates


def keep_memory():
    """Lets malloc keep freed tensors: returning them to the system costs a third of the bonus."""
    trim_threshold, mmap_threshold = -1, -3  # of glibc's malloc.h
    libc = ctypes.CDLL(None)
    for parameter, value in ((mmap_threshold, 1 << 25), (trim_threshold, 1 << 30)):
        if not libc.mallopt(parameter, value):
            raise SystemExit("torch_vime.py: mallopt failed")


def blas():
    """The BLAS that is loaded."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = set(re.findall(r"/\S+", maps.read()))
    for name, pattern in (("MKL", "libmkl"), ("OpenBLAS", "openblas"), ("BLIS", "libblis|/blis-"),
                          ("reference BLAS (slow: install libopenblas0)", "libblas")):
        if any(re.search(pattern, path) for path in paths):
            return name
    return "no BLAS"


def main():
    parser = argparse.ArgumentParser(description="PyTorch timings; see the head of the file.")
    parser.add_argument("--seconds", type=float, default=2, help="per row (default 2)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    closed = torch.jit.script(gain_closed)
    script = torch.jit.script(train_script)
    torch.set_default_dtype(torch.float64)
    check(closed, script)
    torch.set_default_dtype(torch.float32)

    rows = {}
    for size in SIZES:
        rows[f"bonus/einsum/{size}"], chunk = time_bonus(size, gain_einsum, False, args.seconds)
        rows[f"bonus/closed/{size}"], chunk = time_bonus(size, closed, True, args.seconds)
        rows[f"bonus/chunk/{size}"] = chunk
        with torch.inference_mode():
            for kind, per_example in (("shared", False), ("per-example", True)):
                rows[f"train/script/{kind}/{size}"] = time_training(size, script, per_example,
                                                                    UPDATES, args.seconds)
        rows[f"train/autograd/shared/{size}"] = time_training(size, train_autograd, False, 50,
                                                              args.seconds)
    if args.json:
        print(json.dumps({"torch": torch.__version__, "blas": blas(), "rows": rows}))
        return
    print(f"PyTorch {torch.__version__}, {blas()}, one thread, CPU ns per transition or update")
    for name, value in rows.items():
        print(f"{name:30} {value:10.0f}")


if __name__ == "__main__":
    main()
