/** What `doctor` asks a server; always trusted there, so that it can prove any. */
export const DOCTOR_DOCUMENTS = {
  viewer: `{ viewer { id } }`,
  createProject: `mutation { createProject(input: { name: "Doctor" }) { id } }`,
  capture: `mutation ($input: CaptureElementInput!) {
  captureElement(input: $input) { id revision project { id } }
}`,
  subscription: `subscription ($projectId: ID!, $after: Int!) {
  elementEvents(projectId: $projectId, after: $after) { elementId }
}`,
  remove: `mutation ($id: ID!) { deleteElement(id: $id) }`,
};
