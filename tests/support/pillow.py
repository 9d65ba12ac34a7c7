"""Reads pictures with Pillow as Nash means to read them: first frame, upright, sRGB, 8 bits, over white.

Paths on stdin, a line each. For each one line of JSON on stdout, { width, height } or { error }, then the RGB bytes.
"""
import io
import json
import sys
import warnings

import numpy
from PIL import Image, ImageCms, ImageOps

warnings.simplefilter('ignore')
Image.MAX_IMAGE_PIXELS = None
SRGB = ImageCms.createProfile('sRGB')


def to_srgb(image, profile):
    if not profile or image.mode not in ('RGB', 'L', 'CMYK'):
        return image.convert('RGB')
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, SRGB, outputMode='RGB')
    except ImageCms.PyCMSError:
        return image.convert('RGB')  # a profile of another colour space than the picture


def read(path):
    with Image.open(path) as image:
        image.load()
        image = ImageOps.exif_transpose(image)
        profile = image.info.get('icc_profile')
        transparent = image.info.get('transparency')
        if image.mode.startswith('I'):  # 16 bits of grey
            deep = numpy.asarray(image).astype(numpy.int64)
            shallow = Image.fromarray((deep >> 8).clip(0, 255).astype(numpy.uint8))
            if isinstance(transparent, int):
                shallow.putalpha(Image.fromarray(((deep != transparent) * 255).astype(numpy.uint8)))
            image = shallow
        alpha = None
        if image.mode in ('RGBA', 'LA', 'PA', 'La', 'RGBa') or 'transparency' in image.info:
            image = image.convert('RGBA')
            alpha = image.getchannel('A')
            image = image.convert('RGB')
        elif image.mode == 'P':
            image = image.convert('RGB')
        image = to_srgb(image, profile)
        if alpha is not None:
            white = Image.new('RGB', image.size, (255, 255, 255))
            white.paste(image, mask=alpha)
            image = white
        return image.size, image.tobytes()


for line in sys.stdin:
    path, pixels = line.rstrip('\n'), b''
    try:
        (width, height), pixels = read(path)
        answer = {'width': width, 'height': height}
    except Exception as error:  # whatever Pillow makes of a damaged file
        answer = {'error': f'{type(error).__name__}: {error}'}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b'\n' + pixels)
    sys.stdout.buffer.flush()
