"""Describe documents: global, one object's summary, one object in full."""

from __future__ import annotations

from typing import Any

from .schema import TEXT_TYPES, Field, SObject

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}
_DIGITS = 8


def summary(sobject: SObject, base: str) -> dict[str, Any]:
    """The object as listed by describe global. `base` is `/services/data/vNN.0`."""
    url = f"{base}/sobjects/{sobject.name}"
    deletable = sobject.deletable
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable,
        "custom": False,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": sobject.createable,
        "mergeable": False,
        "mruEnabled": False,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.replicateable,
        "retrieveable": True,
        "searchable": sobject.searchable,
        "triggerable": sobject.createable,
        "undeletable": sobject.undeletable,
        "updateable": sobject.updateable,
        "urls": {"rowTemplate": f"{url}/{{ID}}", "describe": f"{url}/describe", "sobject": url},
    }


def full(sobject: SObject, base: str, referring: list[tuple[SObject, Field]]) -> dict[str, Any]:
    """The whole describe. `referring` are the fields of any object that point at this one."""
    document = summary(sobject, base) | {
        "actionOverrides": [],
        "childRelationships": [_child(*pair) for pair in referring],
        "compactLayoutable": sobject.createable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(field) for field in sobject.fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": sobject.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [],
    }
    return dict(sorted(document.items()))


def _child(owner: SObject, field: Field) -> dict[str, Any]:
    return {
        "cascadeDelete": False,
        "childSObject": owner.name,
        "deprecatedAndHidden": False,
        "field": field.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": field.children,
        "restrictedDelete": False,
    }


def _picklist_values(field: Field) -> list[dict[str, Any]]:
    if field.picklist is None:
        return []
    return [
        {
            "active": True,
            "defaultValue": value == field.picklist.default,
            "label": value,
            "validFor": None,
            "value": value,
        }
        for value in field.picklist.values
    ]


def describe_field(field: Field) -> dict[str, Any]:
    """One entry of `fields`."""
    is_text = field.type in TEXT_TYPES
    return {
        "aggregatable": field.filterable,
        "aiPredictionField": False,
        "autoNumber": False,
        "byteLength": field.length * (3 if is_text else 1),
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": None,
        "controllerName": None,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": field.default if field.type == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.defaulted_on_create,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": _DIGITS if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" else None,
        "filterable": field.filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": field.groupable,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": field.polymorphic,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.createable,
        "picklistValues": _picklist_values(field),
        "polymorphicForeignKey": field.polymorphic,
        "precision": 0,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": bool(field.picklist and field.picklist.restricted),
        "scale": 0,
        "searchPrefilterable": field.type == "reference",
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "sortable": field.sortable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
        "writeRequiresMasterRead": False,
    }
