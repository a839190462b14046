# Written by tools/stubs.py.

from rosenblatt.distribution.devices import get_device_count as get_device_count
from rosenblatt.distribution.devices import list_devices as list_devices
from rosenblatt.distribution.mesh import DeviceMesh as DeviceMesh
from rosenblatt.distribution.mesh import TensorLayout as TensorLayout
from rosenblatt.distribution.mesh import distribute_tensor as distribute_tensor
from rosenblatt.distribution.parallel import DataParallel as DataParallel
from rosenblatt.distribution.parallel import LayoutMap as LayoutMap
from rosenblatt.distribution.parallel import ModelParallel as ModelParallel
from rosenblatt.distribution.parallel import distribution as distribution
from rosenblatt.distribution.parallel import set_distribution as set_distribution
from rosenblatt.distribution.processes import initialize as initialize
from rosenblatt.distribution.processes import is_main as is_main
from rosenblatt.distribution.processes import num_processes as num_processes
from rosenblatt.distribution.processes import process_id as process_id
