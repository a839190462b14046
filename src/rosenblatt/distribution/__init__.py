"""One model on several devices: each batch is divided among them, and the numbers stay the same.

>>> import rosenblatt as rb
>>> rb.distribution.set_distribution(rb.distribution.DataParallel())
>>> rb.distribution.distribution()
<DataParallel device_mesh=<DeviceMesh shape=(1,), axis_names=('batch',)>>
>>> rb.distribution.set_distribution(None)
"""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "devices": "get_device_count list_devices",
        "mesh": "DeviceMesh TensorLayout distribute_tensor",
        "parallel": "DataParallel LayoutMap ModelParallel distribution set_distribution",
        "processes": "initialize is_main num_processes process_id",
    },
)
