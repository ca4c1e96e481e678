#!/usr/bin/env python3
"""Layers and archives of OCI images, from files, with nothing but Python's own library.

oci.py layer OUT [--folder PATH:MODE]... SOURCE=TARGET...
    A tar of files and folders, root's own. The same files make the same tar.
oci.py archive OUT --tag TAG --config FILE [--gzip] LAYER...
    An OCI archive (image-spec: image-layout.md) of the layers, the first at the bottom; packed with --gzip, for an
    image that is to travel. Jars are packed already.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def as_root(info):
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = int(info.mtime)
    # Whoever unpacked Spark may have done so under a umask; in an image everyone reads.
    info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    return info


def add_folder(tar, made, path, mode=0o755):
    parent = os.path.dirname(path)
    if parent:
        add_folder(tar, made, parent)
    if path in made:
        return
    made.add(path)
    info = tarfile.TarInfo(path)
    info.type, info.mode = tarfile.DIRTYPE, mode
    tar.addfile(info)


def write_layer(out, folders, sources):
    made = set()
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as tar:
        for folder in folders:
            path, mode = folder.split(":")
            add_folder(tar, made, path, int(mode, 8))
        for source in sources:
            path, target = source.split("=")
            add_folder(tar, made, os.path.dirname(target))
            tar.add(path, target, filter=as_root)  # in the order of names


def add_bytes(tar, path, content):
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(content), 0o644
    tar.addfile(info, io.BytesIO(content))


def add_blob(tar, content, media_type):
    digest = hashlib.sha256(content).hexdigest()
    add_bytes(tar, "blobs/sha256/" + digest, content)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(content)}


def diff_id(path):
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def packed(path):
    """The layer packed, beside it; the same layer makes the same file."""
    with open(path, "rb") as plain, open(path + ".gz", "wb") as out:
        with gzip.GzipFile("", "wb", mtime=0, fileobj=out) as file:
            shutil.copyfileobj(plain, file)
    return path + ".gz"


def add_layer(tar, path, pack):
    with open(packed(path) if pack else path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        info = tarfile.TarInfo("blobs/sha256/" + digest)
        info.size, info.mode = file.tell(), 0o644
        file.seek(0)
        tar.addfile(info, file)
    return {"mediaType": LAYER + ("+gzip" if pack else ""), "digest": "sha256:" + digest, "size": info.size}


def write_archive(out, tag, config, layers, pack):
    encode = lambda document: json.dumps(document).encode()
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as tar:
        add_bytes(tar, "oci-layout", encode({"imageLayoutVersion": "1.0.0"}))
        descriptors = [add_layer(tar, layer, pack) for layer in layers]
        document = {
            "architecture": ARCHITECTURES[platform.machine()],
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [diff_id(layer) for layer in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": add_blob(tar, encode(document), CONFIG),
            "layers": descriptors,
        }
        descriptor = add_blob(tar, encode(manifest), MANIFEST)
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": tag}
        add_bytes(tar, "index.json", encode({"schemaVersion": 2, "manifests": [descriptor]}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    layer = commands.add_parser("layer")
    layer.add_argument("out")
    layer.add_argument("--folder", action="append", default=[])
    layer.add_argument("sources", nargs="+")
    archive = commands.add_parser("archive")
    archive.add_argument("out")
    archive.add_argument("--tag", required=True)
    archive.add_argument("--config", required=True)
    archive.add_argument("--gzip", action="store_true")
    archive.add_argument("layers", nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "layer":
        write_layer(arguments.out, arguments.folder, arguments.sources)
    else:
        with open(arguments.config, encoding="utf-8") as file:
            config = json.load(file)
        write_archive(arguments.out, arguments.tag, config, arguments.layers, arguments.gzip)


main()
