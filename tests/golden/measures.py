# Golden numbers for src/evaluation/measures: what the authors' packages, SciPy and scikit-learn make of the same items.
#   pip install numpy scipy scikit-learn prdc && python3 tests/golden/measures.py > tests/golden/measures.json
# Items are normals of the seeded streams (streams.py), shifted and scaled, rounded to float32.
import contextlib, json, sys
import numpy as np
from prdc import compute_prdc
from scipy import linalg, ndimage, signal, spatial, special, stats
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors
from streams import Stream, seed_of


def items(name, count, size, shift=0.0, scale=1.0):
    stream = Stream(seed_of("measures", name))
    values = [stream.normal() * scale + shift for _ in range(count * size)]
    return np.array(values, np.float64).astype(np.float32).astype(np.float64).reshape(count, size)


def improved(real, fake, k):  # Kynkäänniemi et al. 2019, equation 1
    def share(of, balls):
        radii = NearestNeighbors(n_neighbors=k + 1).fit(balls).kneighbors(balls)[0][:, k]
        return float((spatial.distance.cdist(of, balls) <= radii).any(axis=1).mean())

    return {"precision": share(fake, real), "recall": share(real, fake)}


def frechet(a, b):  # pytorch-fid, calculate_frechet_distance, on given features
    mu1, mu2 = a.mean(axis=0), b.mean(axis=0)
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    covmean = linalg.sqrtm(s1.dot(s2))
    return float((mu1 - mu2) @ (mu1 - mu2) + np.trace(s1) + np.trace(s2) - 2 * np.trace(covmean.real))


def kernel(a, b):  # Bińkowski et al. 2018; Gretton et al. 2012, lemma 6
    k = lambda x, y: polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1)
    own = lambda x: (k(x, x).sum() - np.trace(k(x, x))) / (len(x) * (len(x) - 1))
    return float(own(a) + own(b) - 2 * k(a, b).mean())


def parzen(samples, tests, sigma):  # goodfeli/adversarial, parzen_ll.py
    a = (tests[:, None, :] - samples[None, :, :]) / sigma
    e = special.logsumexp(-0.5 * (a**2).sum(axis=2), axis=1) - np.log(len(samples))
    lls = e - samples.shape[1] * np.log(sigma * np.sqrt(np.pi * 2))
    return {"mean": float(lls.mean()), "standardError": float(lls.std() / np.sqrt(len(lls)))}


def gauss(size, sigma):
    x = np.arange(size) - (size - 1) / 2
    g = np.exp(-(x[:, None] ** 2 + x[None, :] ** 2) / (2 * sigma**2))
    return g / g.sum()


def ms_ssim(img1, img2):  # tensorflow/models, compression/image_encoder/msssim.py, for values in [0, 1]
    weights = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
    im1, im2, mssim, mcs = img1, img2, [], []
    for _ in weights:
        size = min(11, *im1.shape[:2])
        window = gauss(size, size * 1.5 / 11)[:, :, None]
        conv = lambda x: signal.convolve(x, window, mode="valid", method="direct")
        mu1, mu2 = conv(im1), conv(im2)
        s11, s22, s12 = conv(im1 * im1) - mu1 * mu1, conv(im2 * im2) - mu2 * mu2, conv(im1 * im2) - mu1 * mu2
        c1, c2 = 0.01**2, 0.03**2
        v1, v2 = 2 * s12 + c2, s11 + s22 + c2
        mssim.append(np.mean((2 * mu1 * mu2 + c1) * v1 / ((mu1**2 + mu2**2 + c1) * v2)))
        mcs.append(np.mean(v1 / v2))
        small = [ndimage.convolve(im, np.ones((2, 2, 1)) / 4, mode="reflect")[::2, ::2] for im in (im1, im2)]
        im1, im2 = small
    return float(np.prod(np.clip(mcs[:-1], 0, None) ** weights[:-1]) * max(mssim[-1], 0) ** weights[-1])


def inception_score(p, splits):  # openai/improved-gan, inception_score/model.py
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits : (i + 1) * len(p) // splits]
        scores.append(np.exp(np.mean(stats.entropy(part, np.broadcast_to(part.mean(axis=0), part.shape), axis=1))))
    return {"score": float(np.mean(scores)), "deviation": float(np.std(scores))}


def prdc(k):
    with contextlib.redirect_stdout(sys.stderr):  # it says how many there are
        return {name: float(value) for name, value in compute_prdc(real, fake, nearest_k=k).items()}


real, fake = items("real", 120, 3), items("fake", 90, 3, 0.6, 0.7)
wide, few = items("wide", 40, 24), items("few", 15, 24, 0.3, 1.2)
line_a, line_b = items("line a", 70, 1)[:, 0], items("line b", 45, 1, 0.5, 2.0)[:, 0]
counts_a, counts_b = [5, 0, 12, 3], [1, 4, 10, 0]
probabilities = special.softmax(items("logits", 23, 7), axis=1).astype(np.float32).astype(np.float64)


def pictures(shape):
    size = int(np.prod(shape))
    noise = [np.clip(items(f"picture {c}", 1, size, 0, 0.5), -1, 1).reshape(shape) for c in "ab"]
    y, x = np.mgrid[: shape[0], : shape[1]]
    wave = np.sin(0.4 * x + 0.3 * y)[:, :, None] * 0.6
    a, b = [np.clip(wave + w * n, -1, 1).astype(np.float32).astype(np.float64) for n, w in zip(noise, (0.3, 0.9))]
    return ms_ssim(a / 2 + 0.5, b / 2 + 0.5)


def latent():  # Odena et al. 2018, section 2, of G(z) = tanh(tanh(z A) B) by the chain rule
    a, b = items("latent a", 4, 6, 0, 0.7), items("latent b", 6, 7, 0, 0.5)
    squares, logs = [], []
    for z in items("latent z", 16, 4):
        h = np.tanh(z @ a)
        jacobian = (1 - np.tanh(h @ b) ** 2)[:, None] * (b.T * (1 - h**2)) @ a.T  # [7, 4]
        values = np.linalg.eigvalsh(jacobian.T @ jacobian)
        squares.append(values.sum() / 4)
        logs.append(np.log(values[-1] / values[0]))
    return {"sensitivity": float(np.sqrt(np.mean(squares))), "condition": float(np.mean(logs))}


if __name__ == "__main__":
    json.dump(
        {
            "prdc": {str(k): prdc(k) for k in (3, 5)},
            "improved": improved(real, fake, 3),
            "frechet": frechet(real, fake),
            "frechetOfFew": frechet(wide, few),
            "kernel": kernel(real, fake),
            "wasserstein": float(stats.wasserstein_distance(line_a, line_b)),
            "parzen": {str(s): parzen(fake, real, s) for s in (0.1, 0.5)},
            "jensenShannon": float(spatial.distance.jensenshannon(counts_a, counts_b) ** 2),
            "msSsim": {"28x28x1": pictures((28, 28, 1)), "33x21x3": pictures((33, 21, 3)), "180x176x1": pictures((180, 176, 1))},
            "inceptionScore": inception_score(probabilities, 4),
            "latent": latent(),
        },
        sys.stdout,
        indent=2,
    )
    print()
