# Written by tools/stubs.py.

from rosenblatt.tabular.kinds import ColumnKind as ColumnKind
from rosenblatt.tabular.kinds import Schema as Schema
from rosenblatt.tabular.kinds import infer as infer
from rosenblatt.tabular.task import Task as Task
from rosenblatt.tabular.task import infer_task as infer_task
