"""JPEG files to pixel values with Pillow and NumPy: ALBEF's training and test transforms."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.2613026, 0.2757771], np.float32)
SCALE, SHIFT = 1 / (255 * STD), MEAN / STD
GREY = (128, 128, 128)

files = []
plans = []


def open_files(folder, count, width, height):
    """Makes `K.jpg` of each `K.rgb`, and keeps the files' bytes."""
    for number in range(count):
        pixels = Path(folder, f"{number}.rgb").read_bytes()
        path = Path(folder, f"{number}.jpg")
        Image.frombytes("RGB", (width, height), pixels).save(path, quality=90)
        files.append(path.read_bytes())
    return {"bytes": sum(map(len, files)), "pillow": Image.__version__, "numpy": np.__version__}


def plan(pictures):
    """What the training transform does to each picture, the same on both sides."""
    plans.extend(pictures)
    return {}


def pixel_values(image):
    values = np.asarray(image, np.float32) * SCALE
    values -= SHIFT
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def affine(image, *coefficients):
    return image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR, fillcolor=GREY)


OPERATIONS = {
    "identity": lambda image, value: image,
    "auto_contrast": lambda image, value: ImageOps.autocontrast(image),
    "equalize": lambda image, value: ImageOps.equalize(image),
    "brightness": lambda image, value: ImageEnhance.Brightness(image).enhance(value),
    "sharpness": lambda image, value: ImageEnhance.Sharpness(image).enhance(value),
    "shear_x": lambda image, value: affine(image, 1, -value, 0, 0, 1, 0),
    "shear_y": lambda image, value: affine(image, 1, 0, 0, -value, 1, 0),
    "translate_x": lambda image, value: affine(image, 1, 0, value, 0, 1, 0),
    "translate_y": lambda image, value: affine(image, 1, 0, 0, 0, 1, value),
    "rotate": lambda image, value: image.rotate(value, Image.Resampling.BILINEAR, fillcolor=GREY),
}


def decode(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def of_test(data, side):
    return pixel_values(decode(data).resize((side, side), Image.Resampling.BICUBIC))


def of_training(data, chosen, side):
    image = decode(data).crop(chosen["crop"]).resize((side, side), Image.Resampling.BICUBIC)
    if chosen["mirrored"]:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for name, value in chosen["operations"]:
        image = OPERATIONS[name](image, value)
    return pixel_values(image)


def all_of(transform, side):
    if transform == "test":
        return [of_test(data, side) for data in files]
    return [of_training(data, chosen, side) for data, chosen in zip(files, plans)]


def save(transform, side, path):
    """Writes the values of all pictures, to be compared."""
    np.stack(all_of(transform, side)).astype("<f4").tofile(path)
    return {}


def timed(transform, side):
    return seconds(lambda: all_of(transform, side))


answer({"open": open_files, "plan": plan, "save": save, "time": timed})
