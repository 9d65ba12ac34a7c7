# A stand-in for Inception's frozen graph, of the same names and some kilobytes, and what Python's TensorFlow, SciPy and scikit-learn make
# of pictures through it: FID, KID and Inception Score as their authors compute them.
#   pip install tensorflow-cpu numpy scipy scikit-learn prdc
#   cd tests/golden && python3 inception.py   # writes inception.pb and inception.json
# `ExpandDims` is fed and `pool_3` read, as of the real one by openai/improved-gan and bioinf-jku/TTUR.
import json
import numpy as np
import tensorflow as tf
from scipy import special
from measures import frechet, inception_score, kernel
from streams import Stream, seed_of

v1 = tf.compat.v1
FEATURES, CLASSES, SIDE = 12, 7, 16


def normals(name, *shape):
    stream = Stream(seed_of("inception", name))
    return np.array([stream.normal() for _ in range(int(np.prod(shape)))], np.float32).reshape(shape)


def pictures(name, count, shift):  # whole numbers, as in a file
    stream = Stream(seed_of("inception", name))
    values = [(stream.below(200) + shift) / 127.5 - 1 for _ in range(count * 6 * 6 * 3)]
    values = np.array(values).astype(np.float32).reshape(count, 6, 6, 3)
    return values, np.round((values + np.float32(1)) * np.float32(127.5)).astype(np.float32)


graph = tf.Graph()
with graph.as_default():
    image = v1.placeholder(tf.uint8, [None, None, 3], "DecodeJpeg")
    batch = tf.expand_dims(tf.cast(image, tf.float32), 0, name="ExpandDims")
    large = v1.image.resize_bilinear(batch, [SIDE, SIDE], name="ResizeBilinear")
    scaled = tf.multiply(tf.subtract(large, 128.0, name="Sub"), 1 / 128, name="Mul")
    mixed = tf.nn.relu(tf.nn.conv2d(scaled, normals("kernel", 3, 3, 3, FEATURES), 2, "SAME"))
    pooled = tf.nn.avg_pool2d(mixed, SIDE // 2, 1, "VALID", name="pool_3")
    weights = tf.constant(normals("weights", FEATURES, CLASSES), name="softmax/weights")
    tf.matmul(tf.reshape(pooled, [1, FEATURES]), weights, name="softmax/logits/MatMul")
with open("inception.pb", "wb") as file:
    file.write(graph.as_graph_def().SerializeToString())


def look(images):
    with v1.Session(graph=graph) as session:
        features = [session.run("pool_3:0", {"ExpandDims:0": image[None]}) for image in images]  # one: the graph says so
    features = np.array(features).reshape(len(images), FEATURES)
    return features.astype(np.float64), special.softmax(features.astype(np.float64) @ normals("weights", FEATURES, CLASSES), axis=1)


real, fake = look(pictures("real", 70, 0)[1])[0], look(pictures("fake", 55, 40)[1])
golden = {"fid": frechet(real, fake[0]), "kid": kernel(real, fake[0]), "inceptionScore": inception_score(fake[1], 10)}
with open("inception.json", "w") as file:
    json.dump(golden, file, indent=2)
    file.write("\n")
