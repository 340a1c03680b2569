"""What the directory promises to strangers: which frame answers which command, what is told, what is refused."""

from __future__ import annotations

from directory import forms, frames
from directory.examples import EXAMPLES
from server.auth.routes import Ended, Nothing
from server.contract.terms import Answer, Contract, Operation
from server.live.frames import Done

_DEPARTMENT = (Answer(200, "The department as it is now", frames.DepartmentRow),)
_PERSON = (Answer(200, "The person as he is now", forms.AdminPerson),)
_PEOPLE = "/api/admin/people"
_DEPARTMENTS = "/api/admin/departments"

OPERATIONS = (
    Operation(
        "listDepartments",
        "GET",
        _DEPARTMENTS,
        "All departments, for who administers departments or people",
        (Answer(200, "The departments", forms.AdminDepartments),),
    ),
    Operation("addDepartment", "POST", _DEPARTMENTS, "A new department", _DEPARTMENT, body=forms.DepartmentBody),
    Operation(
        "showDepartment",
        "GET",
        f"{_DEPARTMENTS}/{{id}}",
        "A department, and what its removal would take along",
        (Answer(200, "The department", forms.AdminDepartment),),
        places={"id": 1},
    ),
    Operation(
        "changeDepartment",
        "POST",
        f"{_DEPARTMENTS}/{{id}}",
        "Changes a department; what is left out stays",
        _DEPARTMENT,
        body=forms.DepartmentBody,
        places={"id": 3},
    ),
    Operation(
        "moveDepartment",
        "POST",
        f"{_DEPARTMENTS}/{{id}}/move",
        "Puts a department elsewhere in the tree",
        _DEPARTMENT,
        body=forms.MoveBody,
        places={"id": 3},
    ),
    Operation(
        "removeDepartment",
        "POST",
        f"{_DEPARTMENTS}/{{id}}/remove",
        "Removes a department with all below it; its people are unassigned",
        (Answer(200, "How many departments went", Ended),),
        body=forms.RemoveDepartmentBody,
        places={"id": 1},
    ),
    Operation(
        "listAreas",
        "GET",
        "/api/admin/areas",
        "What somebody may mean by an area that is written in words",
        (Answer(200, "The areas it may be", forms.AdminAreas),),
        query=forms.AreasQuestion,
    ),
    Operation(
        "listPeople",
        "GET",
        _PEOPLE,
        "A page of people, for who administers them, their talk or their safety check",
        (Answer(200, "The page", forms.AdminPeople),),
        query=forms.PeopleQuestion,
    ),
    Operation(
        "addPerson",
        "POST",
        _PEOPLE,
        "Somebody new",
        (Answer(200, "The person, and once what he needs to sign in", forms.AddedPerson),),
        body=forms.NewPerson,
    ),
    Operation(
        "showPerson", "GET", f"{_PEOPLE}/{{id}}", "Somebody, with every field one may see", _PERSON, places={"id": 2}
    ),
    Operation(
        "changePerson",
        "POST",
        f"{_PEOPLE}/{{id}}",
        "Changes somebody, all or nothing, as one saw him",
        _PERSON,
        body=forms.PersonSave,
        places={"id": 2},
    ),
    Operation(
        "removePerson",
        "POST",
        f"{_PEOPLE}/{{id}}/remove",
        "Somebody goes: his seats and his login ID are free",
        (Answer(200, "He is gone", Ended),),
        body=Nothing,
        places={"id": 3},
    ),
)

CONTRACT = Contract(
    answers={
        frames.OpenDirectory: (frames.Directory,),
        frames.DirectorySince: (frames.DirectoryChanged, frames.DirectoryReload),
        frames.LeaveDirectory: (Done,),
        frames.ListPeople: (frames.PeoplePage,),
        frames.FindInDirectory: (frames.Found,),
        frames.WhoseNumber: (frames.Found,),
        frames.GetPerson: (frames.PersonShown,),
        frames.GetGroups: (frames.Groups,),
        frames.AddGroup: (frames.Groups,),
        frames.RenameGroup: (frames.Groups,),
        frames.RemoveGroup: (frames.Groups,),
        frames.ChangeGroup: (frames.Groups,),
        frames.OrderGroups: (frames.Groups,),
        frames.Favour: (frames.Groups,),
        frames.GetMine: (frames.Mine,),
        frames.ChangeMine: (frames.Mine,),
        frames.GetStatuses: (frames.Statuses,),
        frames.GetPhotos: (frames.Photos,),
    },
    events=(frames.DirectoryChanged, frames.DirectoryReload, frames.Groups, frames.Statuses),
    operations=OPERATIONS,
    examples=EXAMPLES,
    said=(
        "forbidden",
        "required",
        "field_too_long",
        "format",
        "too_many_values",
        "area_unknown",
        "area_ambiguous",
        "groups_full",
        "conflict",
    ),
    told={
        400: ("too_many_values", "department_unknown", "post_twice", "area_unknown", "area_ambiguous"),
        409: ("code_taken", "department_circle"),
    },
)
